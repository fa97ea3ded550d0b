//! The comparison.

use proptest::prelude::*;

use super::bridge::answered;
use super::generate::case;
use super::model::answer;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn the_pipeline_answers_as_the_model_does((world, query) in case()) {
        let (ours, theirs) = (answer(&world, &query), answered(&world, &query));
        for (key, lines) in &ours {
            let others = theirs.get(key).map(Vec::as_slice).unwrap_or_default();
            for (line, other) in lines.iter().zip(others) {
                prop_assert_eq!(line, other, "the model and the pipeline differ in {:?}", key);
            }
            prop_assert_eq!(lines.len(), others.len(), "observations of {:?}", key);
        }
        prop_assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    }
}
