ALTER TABLE rollup_series RESET (fillfactor);
