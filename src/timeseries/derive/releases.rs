//! The releases that figures rest on.

use thin_vec::ThinVec;

/// The releases behind a figure: mostly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Releases {
    /// The first.
    pub first: i32,
    /// The others, of a derived figure.
    pub others: ThinVec<i32>,
}

impl Releases {
    /// One release.
    pub const fn one(release: i32) -> Self {
        Self { first: release, others: ThinVec::new() }
    }

    /// Adds those of another figure that it does not have.
    pub fn add(&mut self, more: &Self) {
        for release in [more.first].into_iter().chain(more.others.iter().copied()) {
            if release != self.first && !self.others.contains(&release) {
                self.others.push(release);
            }
        }
    }

    /// The same in the order of their numbers.
    #[must_use]
    pub fn sorted(self) -> Self {
        if self.others.is_empty() {
            return self;
        }
        let mut all: Vec<i32> = self.iter().collect();
        all.sort_unstable();
        Self { first: all[0], others: all[1..].into() }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = i32> {
        [self.first].into_iter().chain(self.others.iter().copied())
    }
}
