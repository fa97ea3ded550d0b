DROP TABLE observation_note; DROP TABLE observation_restatement;
