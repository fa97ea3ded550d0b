DROP INDEX rollup_series_by_model;
CREATE INDEX rollup_series_by_model ON rollup_series (rollup_id, model);
DROP INDEX series_by_model;
CREATE INDEX series_by_model ON series (model);
