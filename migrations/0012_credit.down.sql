DROP TABLE credit_formula; DROP TABLE credit_rule; DROP TABLE credit_mandate;
