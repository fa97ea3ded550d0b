DROP TABLE subsidy_rate; DROP TABLE subsidy_instrument;
