-- A maker, brand, model or operator is named without a measure or frequency by lists of series, by searches and where a query without
-- an answer is told what comes near it. The index by codes begins with those two, so that each such read went through every series.
-- The other dimensions have few codes: one of them alone selects too much for an index to save anything.
CREATE INDEX series_by_maker ON series (maker);
CREATE INDEX series_by_brand ON series (brand);
CREATE INDEX series_by_model ON series (model);
CREATE INDEX series_by_operator ON series (operator);
