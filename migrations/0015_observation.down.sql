DROP TABLE observation_history; DROP TABLE observation_chunk;
