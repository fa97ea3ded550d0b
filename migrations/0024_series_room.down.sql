ALTER TABLE series RESET (fillfactor);
