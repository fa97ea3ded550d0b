//! The words that records may hold, where they are closed lists: read by the loader of the files and by the filters.

/// The kinds of partnerships.
pub const PARTNERSHIP_KINDS: [&str; 9] = [
    "joint_venture",
    "equity_stake",
    "technology_alliance",
    "acquisition",
    "licensing",
    "brand_launch",
    "supply",
    "contract_manufacturing",
    "wholly_owned_plant",
];

/// What is known of a partnership's life.
pub const PARTNERSHIP_STATUSES: [&str; 4] = ["active", "ended", "announced", "unknown"];

/// What members of a partnership are in it.
pub const MEMBER_ROLES: [&str; 9] =
    ["parent", "operator", "investor", "target", "partner", "supplier", "customer", "licensor", "licensee"];

/// The kinds of organizations.
pub const ORGANIZATION_KINDS: [&str; 9] =
    ["oem", "group", "joint_venture", "brand", "investor", "tech", "battery_maker", "supplier", "government"];

/// The kinds of events.
pub const EVENT_KINDS: [&str; 6] = ["partnership", "policy", "plant", "launch", "market", "deal"];

/// The kinds of subsidy instruments.
pub const INSTRUMENT_KINDS: [&str; 7] = [
    "purchase_subsidy",
    "tax_exemption",
    "tax_rate",
    "trade_in",
    "plate_quota",
    "credit_mandate",
    "charging_subsidy",
];

/// The levels of government.
pub const GOVERNMENT_LEVELS: [&str; 3] = ["national", "provincial", "city"];

/// How well a computable row is founded.
pub const VERIFICATIONS: [&str; 2] = ["read", "unverified"];

/// Declares a type of the contract for texts that are one of a few words; the values themselves are texts.
macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident = $words:expr;) => {
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some(concat!($($doc),+).trim()))
                    .enum_values(Some($words))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}
pub(crate) use words;
