DROP TABLE partnership_member; DROP TABLE partnership;
