DROP TABLE release; DROP TABLE import;
