-- Functions with a query of their own are planned anew in every statement when they are SQL, and kept by the session when they are PL/pgSQL:
-- a price cost more time in planning than in anything else.

CREATE OR REPLACE FUNCTION money_convert(amount_minor bigint, from_currency text, to_currency text) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF from_currency = to_currency THEN
        RETURN amount_minor;
    END IF;
    RETURN (SELECT round(amount_minor * r.rate)::bigint FROM fx_rates r
            WHERE r.base = from_currency AND r.quote = to_currency ORDER BY r.as_of DESC LIMIT 1);
END
$$;

CREATE OR REPLACE FUNCTION nights_are_free(in_property bigint, nights daterange) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN NOT EXISTS (SELECT FROM bookings b
                       WHERE b.property_id = in_property AND b.stay && nights
                         AND (b.status IN ('pending', 'confirmed', 'blocked') OR (b.status = 'hold' AND b.hold_expires_at > now())));
END
$$;
