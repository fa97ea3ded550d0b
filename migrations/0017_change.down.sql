DROP TRIGGER released ON release; DROP TRIGGER superseded ON release; DROP TRIGGER withdrawn ON release;
DROP FUNCTION note_change; DROP TABLE change;
