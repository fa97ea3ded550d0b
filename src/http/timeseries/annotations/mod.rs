//! Dated events that concern the series of an answer, for markers on its chart. Each slice tells its own; they are joined here.

mod subject;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use self::subject::Subject;
use super::Asked;
use crate::database::Versioned;
use crate::error::{Error, Fault, Result};
use crate::http::extract::Call;
use crate::http::records::Warning;
use crate::partnerships::{self, Event, PartnershipDates};
use crate::subsidies::{self, InstrumentDates};
use crate::timeseries::answer::Frame;
use crate::timeseries::dataset::Vocabulary;
use crate::timeseries::fetch::Reader;
use crate::timeseries::frame::Series;
use crate::timeseries::period::PartialDate;
use crate::words::{EVENT_KINDS, words};

/// The most annotations of one answer; of more the latest are told, and how many are not.
pub const MOST_ANNOTATIONS: usize = 100;

/// The kind of event that is a policy; all others are of the companies.
const POLICY: &str = "policy";

/// What is marked: moments of instruments and partnerships, and the kinds of events.
const KINDS: [&str; 11] = {
    let [partnership, policy, plant, launch, market, deal] = EVENT_KINDS;
    let [announced, begins, ends] = ["instrument_announced", "instrument_begins", "instrument_ends"];
    let [from, to] = ["partnership_begins", "partnership_ends"];
    [announced, begins, ends, from, to, partnership, policy, plant, launch, market, deal]
};

words! {
    /// What happened on the date of an annotation.
    AnnotationKind = KINDS;
}

/// What an answer may be annotated with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Annotate {
    /// Subsidy instruments and events of policy.
    Policies,
    /// Events of companies, and the begin and end of their partnerships.
    Partnerships,
}

impl Annotate {
    const ALL: [(&'static str, Self); 2] =
        [("policies", Self::Policies), ("partnerships", Self::Partnerships)];

    /// Its word.
    pub(super) fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, one)| *one == self).map_or("policies", |(word, _)| *word)
    }

    /// The collections that it is read from.
    const fn collections(self) -> [&'static str; 2] {
        match self {
            Self::Policies => ["subsidies", "events"],
            Self::Partnerships => ["partnerships", "events"],
        }
    }

    /// Takes `annotate`: each word once, in the order of the contract.
    pub(super) fn read(call: &mut Call, stands_alone: bool) -> Vec<Self> {
        let words = call.params.list("annotate").unwrap_or_default();
        let known = |word: &String| Self::ALL.iter().any(|(known, _)| known == word);
        for wrong in words.iter().filter(|word| !known(word)) {
            let fault = Fault::new("annotate", wrong, "is nothing that answers are annotated with");
            call.params.reject(fault.allowed(Self::ALL.map(|(word, _)| word)));
        }
        if stands_alone && !words.is_empty() {
            let detail = "stands beside the data, and CSV, NDJSON and shape=array hold nothing beside them; \
                          shapes rows, series and columns as JSON do";
            call.params.reject(Fault::new("annotate", &words.join(","), detail));
        }
        let named = Self::ALL.iter().filter(|(known, _)| words.iter().any(|word| word == known));
        named.map(|(_, one)| *one).collect()
    }
}

/// The collections that annotations are read from, each once.
pub(super) fn collections(annotates: &[Annotate]) -> Vec<&'static str> {
    let mut all: Vec<&str> = annotates.iter().flat_map(|one| one.collections()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A dated event that concerns the series of an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Annotation {
    /// When it happened, as printed: year, month or day. Of the end of an instrument or partnership it is the last day, month or
    /// year in force.
    #[schema(example = "2022-12-31")]
    pub date: String,
    /// What happened: something in the life of an instrument or a partnership, or an event of this kind.
    #[schema(value_type = AnnotationKind)]
    pub kind: &'static str,
    /// What happened in a few words, or the name of the instrument or partnership.
    pub title: String,
    /// The id of the event, instrument or partnership.
    pub id: String,
    /// The ids of the organizations that it is about; none for instruments.
    pub orgs: Vec<String>,
    /// The region whose government grants it, or where it happened, as a code of the dimension `geo`; null where it is bound to none.
    pub geo: Option<String>,
    /// The document that it was read from.
    pub document: String,
    /// Where more of it is told, relative to the service.
    #[schema(example = "/v1/subsidies/CN-NEV-2020")]
    pub link: String,
    /// Why it concerns the answer.
    #[schema(example = "granted by CN; it names BEV, PHEV of NEV")]
    pub concerns: String,
}

/// The annotations of an answer, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    pub(super) told: Vec<Annotation>,
    /// How many older ones are not told.
    left_out: usize,
}

impl Annotations {
    /// That some are left out.
    pub(super) fn warning(&self) -> Option<Warning> {
        let first = self.told.first().filter(|_| self.left_out > 0)?;
        let detail = format!(
            "{} events more concern the answer, all of them before or in {}: the latest {MOST_ANNOTATIONS} are told; ask for a \
             shorter time or for fewer codes",
            self.left_out, first.date
        );
        Some(Warning::new("annotations_cut", detail))
    }
}

/// What concerns the series of an answer, in the time that it is of.
pub(super) async fn read(reader: &Reader<'_>, asked: &Asked, frame: &Frame) -> Result<Option<Annotations>> {
    if asked.annotates.is_empty() {
        return Ok(None);
    }
    let Some(days) = days(frame) else { return Ok(Some(Annotations::default())) };
    let subject = Subject::of(reader, frame);
    let mut marks = Marks { days, marks: Vec::new() };
    for one in &asked.annotates {
        match one {
            Annotate::Policies => marks.policies(reader, &subject).await?,
            Annotate::Partnerships => marks.partnerships(reader, &subject).await?,
        }
    }
    Ok(Some(marks.told()))
}

/// The first and the last day of the periods that are answered.
fn days(frame: &Frame) -> Option<(NaiveDate, NaiveDate)> {
    let spans = || frame.series.iter().filter_map(Series::span);
    Some((spans().map(|span| span.0.first_day()).min()?, spans().map(|span| span.1.last_day()).max()?))
}

/// What is marked so far, and of which days anything is.
struct Marks {
    days: (NaiveDate, NaiveDate),
    /// Each with the first day that its date may mean.
    marks: Vec<(NaiveDate, Annotation)>,
}

impl Marks {
    async fn policies(&mut self, reader: &Reader<'_>, subject: &Subject) -> Result<()> {
        let (instruments, events) = {
            let mut connection = reader.connections.one().await?;
            let instruments = subsidies::dated(&mut connection, &subject.granted()).await?;
            let kinds = [POLICY.to_owned()];
            let events =
                partnerships::happened(&mut connection, (&subject.governed(), &kinds), self.days).await?;
            (instruments, events)
        };
        for instrument in same(reader.vocabulary, "subsidies", instruments)? {
            self.instrument(&instrument, subject);
        }
        for event in same(reader.vocabulary, "events", events)? {
            let concerns = subject.why_governed(event.geo.as_deref());
            self.event(event, concerns);
        }
        Ok(())
    }

    async fn partnerships(&mut self, reader: &Reader<'_>, subject: &Subject) -> Result<()> {
        let (events, partnerships) = {
            let mut connection = reader.connections.one().await?;
            let kinds = EVENT_KINDS.iter().filter(|kind| **kind != POLICY).map(|kind| (*kind).to_owned());
            let kinds: Vec<String> = kinds.collect();
            let events =
                partnerships::happened(&mut connection, (&subject.lived(), &kinds), self.days).await?;
            let partnerships = partnerships::dated(&mut connection, &subject.run()).await?;
            (events, partnerships)
        };
        for event in same(reader.vocabulary, "events", events)? {
            let concerns = subject.why_about(&event.orgs, event.geo.as_deref());
            self.event(event, concerns);
        }
        for partnership in same(reader.vocabulary, "partnerships", partnerships)? {
            self.partnership(&partnership, subject);
        }
        Ok(())
    }

    fn instrument(&mut self, instrument: &InstrumentDates, subject: &Subject) {
        let InstrumentDates { announced, effective_from, effective_to, .. } = instrument;
        let [was_announced, begins, ends] = [KINDS[0], KINDS[1], KINDS[2]];
        // What was announced on the day that it came into force is one moment.
        let announced = announced.as_ref().filter(|date| Some(*date) != effective_from.as_ref());
        for (date, kind) in
            [(announced, was_announced), (effective_from.as_ref(), begins), (effective_to.as_ref(), ends)]
        {
            self.mark(date, || Annotation {
                date: String::new(),
                kind,
                title: instrument.name.clone(),
                id: instrument.id.clone(),
                orgs: Vec::new(),
                geo: Some(instrument.jurisdiction.clone()),
                document: instrument.document.clone(),
                link: format!("/v1/subsidies/{}", instrument.id),
                concerns: subject.why_granted(instrument),
            });
        }
    }

    fn partnership(&mut self, partnership: &PartnershipDates, subject: &Subject) {
        let [begins, ends] = [KINDS[3], KINDS[4]];
        for (date, kind) in [(&partnership.effective_from, begins), (&partnership.effective_to, ends)] {
            self.mark(date.as_ref(), || Annotation {
                date: String::new(),
                kind,
                title: partnership.name.clone(),
                id: partnership.id.clone(),
                orgs: partnership.orgs.clone(),
                geo: partnership.geo.clone(),
                document: partnership.document.clone(),
                link: format!("/v1/partnerships/{}", partnership.id),
                concerns: subject.why_about(&partnership.orgs, partnership.geo.as_deref()),
            });
        }
    }

    fn event(&mut self, event: Event, concerns: String) {
        let kind = KINDS.iter().find(|kind| **kind == event.kind).copied().unwrap_or(POLICY);
        let link = format!("/v1/events?id={}", event.id);
        let Event { id, date, title, orgs, geo, document, .. } = event;
        self.mark(Some(&date), || Annotation {
            date: String::new(),
            kind,
            title,
            id,
            orgs,
            geo,
            document,
            link,
            concerns,
        });
    }

    /// Marks a date as printed, where it may be one of the days.
    fn mark(&mut self, date: Option<&String>, annotation: impl FnOnce() -> Annotation) {
        let Some(printed) = date else { return };
        let Ok(days) = printed.parse::<PartialDate>() else { return };
        if days.last >= self.days.0 && days.first <= self.days.1 {
            self.marks.push((days.first, Annotation { date: printed.clone(), ..annotation() }));
        }
    }

    /// The latest of them, in order.
    fn told(mut self) -> Annotations {
        let place =
            |(first, mark): &(NaiveDate, Annotation)| (*first, mark.date.clone(), mark.id.clone(), mark.kind);
        self.marks.sort_by_cached_key(place);
        let left_out = self.marks.len().saturating_sub(MOST_ANNOTATIONS);
        let told = self.marks.into_iter().skip(left_out).map(|(_, mark)| mark);
        Annotations { told: told.collect(), left_out }
    }
}

/// What was read, where it is of the version that the query was understood by: tags are made of those.
fn same<T>(vocabulary: &Vocabulary, collection: &str, read: Versioned<T>) -> Result<T> {
    if read.version == vocabulary.version(collection) { Ok(read.data) } else { Err(Error::Moved) }
}
