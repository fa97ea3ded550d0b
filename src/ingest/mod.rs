//! Taking data in.
mod entry;
mod fields;
mod files;
mod pack;
mod read;
mod sheet;
mod vocabulary;
pub use files::Files;

#[test]
fn reads() {
    let t = std::time::Instant::now();
    match pack::Pack::read(&Files::bundled()) {
        Ok(p) => println!("{} {}", p.parts.len(), p.series.len()),
        Err(e) => println!("{e}"),
    }
    println!("{:?}", t.elapsed());
}
