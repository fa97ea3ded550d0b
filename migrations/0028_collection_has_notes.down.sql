DROP TRIGGER told ON observation_note;
DROP FUNCTION tell_of_notes();
ALTER TABLE collection DROP COLUMN has_notes;
