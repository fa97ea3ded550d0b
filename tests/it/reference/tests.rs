//! The comparison.

use proptest::prelude::*;

use super::bridge::answered;
use super::generate::{question, world};
use super::loading::Store;
use super::model::{Query, World, answer};
use super::vintage::History;

/// A world with its history, and a question.
fn case() -> impl Strategy<Value = ((World, History), Query)> {
    world().prop_flat_map(|told| {
        let question = question(told.1.series.clone());
        (Just(told), question)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn the_pipeline_answers_as_the_model_does(
        ((world, history), query) in case(),
        pinned in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let as_of = query.as_of.as_ref().map(|date| date.day);
        let store = Store::load_all(&history);
        let load = pinned.map_or(history.loads.len() - 1, |index| index.index(history.loads.len()));
        let pin = pinned.and_then(|_| store.pin(load));
        let known = history.until(if pin.is_some() { load } else { history.loads.len() - 1 });
        let ours = answer(&World { published: known.holding(as_of), ..world.clone() }, &query);
        let theirs = answered(&world, &store.holding(&history.series, as_of, pin), &query);
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
