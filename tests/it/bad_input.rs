//! What is refused: everything that is wrong with a request at once, and without asking the database for anything.

use crate::client::{Answer, Client};

/// The one table that every request reads: whether what is known of codes, datasets and sources still holds.
const VERSIONS: &str = "collection";

/// The service with what it knows of codes in memory, and everything but the versions of it out of reach.
async fn cut_off() -> (Client, crate::cluster::Held) {
    let client = Client::bundled().await;
    client.get("/v1/production?last=1").await.expect(200);
    let tables = client.database.tables().await;
    assert!(tables.len() > 20 && tables.iter().any(|table| table == VERSIONS));
    let held = client.database.hold(tables.iter().map(String::as_str).filter(|name| *name != VERSIONS)).await;
    (client, held)
}

/// The parameters at fault.
fn told(answer: &Answer) -> Vec<String> {
    answer.faults().into_iter().map(|(parameter, _)| parameter).collect()
}

#[tokio::test]
async fn a_question_that_makes_no_sense_reaches_no_table() {
    let (client, held) = cut_off().await;
    for (query, faults) in [
        // Contradictions.
        ("shape=series&format=csv", &["shape"][..]),
        ("last=3&cursor=x&limit=5", &["limit", "cursor"]),
        ("shape=columns&sort=value", &["sort"]),
        ("source=best,oica", &["source"]),
        ("geo=*,CN&maker=*,byd", &["geo", "maker"]),
        ("frequency=*&agg=sum", &["agg"]),
        ("measure=stock&agg=sum", &["agg"]),
        ("fill=previous", &["fill"]),
        ("start=2021&end=2020", &["end"]),
        // A transform without the frequency that it needs.
        ("transform=ytd", &["transform"]),
        ("transform=ytd&frequency=A,M", &["transform"]),
        ("transform=index:2020-01", &["transform"]),
        ("transform=index:2020&frequency=A,M", &["transform"]),
        ("transform=ma:1", &["transform"]),
        ("transform=ma:121", &["transform"]),
        ("transform=index:", &["transform"]),
        // Absurd ranges.
        ("start=0001", &["start"]),
        ("end=9999-12", &["end"]),
        ("start=0001&end=9999-12", &["start", "end"]),
        ("start=-1&end=99999999999999999999", &["start", "end"]),
        ("as_of=9999-12-31", &["as_of"]),
        ("as_of=2021-02-30", &["as_of"]),
        ("last=0&geo=*", &["last"]),
        ("last=10001&geo=*&maker=*", &["last"]),
        ("last=99999999999999999999", &["last"]),
        ("limit=10001", &["limit"]),
        // What there is not.
        ("geo=Atlantis&maker=bydd&nonsense=1", &["geo", "maker", "nonsense"]),
        ("geo=children:Atlantis", &["geo"]),
        ("cursor=bm9uc2Vuc2U", &["cursor"]),
        // Twice.
        ("geo=CN&geo=JP", &["geo"]),
        ("geo=CN&geo=CN&start=2020&start=2021", &["geo", "start"]),
        // All at once.
        (
            "geo=Atlantis&start=0001&last=x&transform=ytd&sort=best&shape=cube&format=doc&lang=fr&x=1",
            &["geo", "start", "last", "transform", "shape", "sort", "lang", "format", "x"],
        ),
    ] {
        let answer = client.get(&format!("/v1/production?{query}")).await.expect(422);
        answer.problem("invalid_parameter");
        assert_eq!(told(&answer), faults, "{query}: {}", answer.text());
    }
    held.release().await;
}

#[tokio::test]
async fn what_cannot_be_read_reaches_no_table_and_comes_back_short() {
    let (client, held) = cut_off().await;
    // Longer than a query may be, and not so long that the URL is refused as such.
    let codes = (0..3_300).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    let parameters = (0..1_000).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
    let listed = (0..600).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    let long = "x".repeat(4_097);
    for (query, status, faults) in [
        (format!("geo={codes}"), 400, &["(query)"][..]),
        (parameters, 400, &["(query)"]),
        (format!("geo={listed}"), 422, &["geo"]),
        (format!("source={listed}"), 422, &["source"]),
        (format!("maker={long}"), 400, &["maker"]),
        (format!("{long}=1&geo=Atlantis"), 400, &["(query)", "geo"]),
        ("maker=a%00b".to_owned(), 400, &["maker"]),
        ("ma%00ker=byd".to_owned(), 400, &["ma\0ker"]),
        ("maker=%FF%FE".to_owned(), 400, &["maker"]),
        ("start=%C3%28&geo=Atlantis&last=0".to_owned(), 400, &["start", "geo", "last"]),
        ("maker=%ED%A0%80".to_owned(), 400, &["maker"]),
    ] {
        for path in ["/v1/production", "/v1/datasets/charging/observations"] {
            let answer = client.get(&format!("{path}?{query}")).await.expect(status);
            assert_eq!(told(&answer), faults, "{}", answer.text());
            // However much was sent, what is said of it is short.
            assert!(answer.body.len() < 2_000, "{} bytes: {}", answer.body.len(), answer.text());
        }
    }
    held.release().await;
}

#[tokio::test]
async fn every_resource_of_figures_refuses_before_it_asks() {
    let (client, held) = cut_off().await;
    for path in [
        "/v1/production",
        "/v1/production/series",
        "/v1/production/availability",
        "/v1/production/reconcile",
        "/v1/charging/reconcile",
        "/v1/datasets/charging/observations",
        "/v1/series/production:A.production.oica.CN._T._T._T._T._T",
        "/v1/series/production:A.production.oica.CN._T._T._T._T._T/vintages",
        "/v1/codes/maker",
        "/v1/sources",
        "/v1/documents",
        "/v1/releases",
        "/v1/changes",
        "/v1/search",
        "/v1/datasets",
        "/v1/datasets/production",
    ] {
        let wrong = client.get(&format!("{path}?nonsense=1&format=doc")).await.expect(422);
        wrong.problem("invalid_parameter");
        assert!(
            ["nonsense", "format"].iter().all(|name| told(&wrong).contains(&(*name).to_owned())),
            "{path}"
        );
        let unreadable = client.get(&format!("{path}?start=%00&nonsense=1")).await.expect(400);
        unreadable.problem("malformed");
        assert!(
            ["nonsense", "start"].iter().all(|name| told(&unreadable).contains(&(*name).to_owned())),
            "{path}"
        );
    }
    held.release().await;
}
