DROP TABLE subsidy_spend;
