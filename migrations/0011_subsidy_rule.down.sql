DROP TABLE subsidy_rule;
