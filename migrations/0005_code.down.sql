DROP TABLE measure; DROP TABLE code;
