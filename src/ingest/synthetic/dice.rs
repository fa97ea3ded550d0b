//! Chance that is the same on every machine: numbers that follow from a seed and a place, by sums and products of whole ones.

/// A stream of numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    /// The stream of a place. Streams of different places have nothing to do with one another.
    pub fn of(seed: u64, place: [u64; 3]) -> Self {
        Self(place.into_iter().fold(mix(seed), |state, step| mix(state ^ step.wrapping_mul(STEP))))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// Leaves out as many numbers.
    pub fn skip(&mut self, numbers: u64) {
        self.0 = self.0.wrapping_add(STEP.wrapping_mul(numbers));
    }

    /// Two independent numbers from 0 to below 1.
    pub fn pair(&mut self) -> (f64, f64) {
        let next = self.next();
        (fraction(next >> 32), fraction(next & u64::from(u32::MAX)))
    }

    /// A number from 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        self.pair().0
    }

    /// A whole number from 0 to below `end`.
    pub fn below(&mut self, end: u32) -> u32 {
        let product = (self.next() >> 32) * u64::from(end);
        u32::try_from(product >> 32).expect("a product of two 32-bit numbers has 64 bits")
    }
}

fn fraction(bits: u64) -> f64 {
    f64::from(u32::try_from(bits).expect("32 bits are given")) / 4_294_967_296.0
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_skipped_is_what_would_have_been_drawn() {
        let (mut drawn, mut skipped) = (Dice::of(3, [1, 2, 3]), Dice::of(3, [1, 2, 3]));
        for _ in 0..7 {
            drawn.next();
        }
        skipped.skip(7);
        assert_eq!(drawn.next(), skipped.next());
    }

    #[test]
    fn a_stream_is_its_seed_and_place_and_fills_the_whole_range() {
        let throw = |seed, place| Dice::of(seed, place).next();
        assert_eq!(
            throw(1, [2, 3, 4]),
            7_555_004_951_239_256_946,
            "markets that were made before are no longer made again"
        );
        assert_ne!(throw(1, [2, 3, 4]), throw(2, [2, 3, 4]));
        assert_ne!(throw(1, [2, 3, 4]), throw(1, [3, 2, 4]));
        let mut dice = Dice::of(7, [0, 0, 0]);
        let throws: Vec<f64> = (0..10_000).flat_map(|_| <[f64; 2]>::from(dice.pair())).collect();
        let mean = throws.iter().sum::<f64>() / 20_000.0;
        assert!((mean - 0.5).abs() < 0.02 && throws.iter().all(|u| (0.0..1.0).contains(u)), "{mean}");
        let sides = (0..1000).fold([0; 6], |mut sides, _| {
            sides[dice.below(6) as usize] += 1;
            sides
        });
        assert!(sides.iter().all(|side| *side > 100), "{sides:?}");
    }
}
