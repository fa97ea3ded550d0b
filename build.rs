//! Builds again when a migration comes or goes: they are compiled in.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
