DROP TABLE document; DROP TABLE source;
