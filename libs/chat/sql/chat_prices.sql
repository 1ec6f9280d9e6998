-- Prices of models.
SELECT p.model, p.input_microusd_per_mtok, p.output_microusd_per_mtok, p.cached_microusd_per_mtok, p.effective_from
FROM model_prices p ORDER BY p.model
