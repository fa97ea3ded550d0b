DROP INDEX series_by_maker, series_by_brand, series_by_model, series_by_operator;
