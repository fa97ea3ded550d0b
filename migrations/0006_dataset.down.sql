DROP TABLE precedence; DROP TABLE partition; DROP TABLE dataset;
