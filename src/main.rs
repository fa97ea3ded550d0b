//! The command line of `china-auto`.

fn main() {}
