-- Rates, stays and blocked nights. Nights are half-open ranges: who leaves on a day does not keep the next one from arriving.

CREATE TABLE rate_plans (
    property_id          bigint PRIMARY KEY REFERENCES properties ON DELETE CASCADE,
    base_nightly_minor   bigint NOT NULL CHECK (base_nightly_minor >= 0), -- all amounts in the currency of the property
    weekend_nightly_minor bigint CHECK (weekend_nightly_minor >= 0),
    cleaning_fee_minor   bigint NOT NULL DEFAULT 0 CHECK (cleaning_fee_minor >= 0),
    extra_guest_minor    bigint NOT NULL DEFAULT 0 CHECK (extra_guest_minor >= 0), -- for one guest and night
    extra_guest_from     smallint CHECK (extra_guest_from > 0), -- so many guests are in the price of a night
    weekly_discount_pct  numeric(6, 3) NOT NULL DEFAULT 0 CHECK (weekly_discount_pct BETWEEN 0 AND 100),
    monthly_discount_pct numeric(6, 3) NOT NULL DEFAULT 0 CHECK (monthly_discount_pct BETWEEN 0 AND 100),
    tax_pct              numeric(6, 3) NOT NULL DEFAULT 0 CHECK (tax_pct BETWEEN 0 AND 100),
    min_nights           smallint NOT NULL DEFAULT 1 CHECK (min_nights >= 1),
    max_nights           smallint NOT NULL DEFAULT 365 CHECK (max_nights BETWEEN min_nights AND 365),
    instant_book         boolean NOT NULL DEFAULT true,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    version              int NOT NULL DEFAULT 1
);

CREATE TABLE rate_rules (
    id                      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    property_id             bigint NOT NULL REFERENCES properties ON DELETE CASCADE,
    period                  daterange NOT NULL CHECK (NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period)),
    nightly_minor           bigint CHECK (nightly_minor >= 0),
    min_nights              smallint CHECK (min_nights BETWEEN 1 AND 365),
    max_nights              smallint CHECK (max_nights BETWEEN 1 AND 365),
    closed_to_arrival_dow   smallint[] NOT NULL DEFAULT '{}' CHECK (closed_to_arrival_dow <@ '{0,1,2,3,4,5,6}'), -- 0 = Sunday
    closed_to_departure_dow smallint[] NOT NULL DEFAULT '{}' CHECK (closed_to_departure_dow <@ '{0,1,2,3,4,5,6}'),
    priority                smallint NOT NULL DEFAULT 0,
    CONSTRAINT rate_rules_no_overlap EXCLUDE USING gist (property_id WITH =, priority WITH =, period WITH &&)
);

CREATE TABLE bookings (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    property_id       bigint NOT NULL REFERENCES properties,
    user_id           bigint REFERENCES users,
    kind              text NOT NULL DEFAULT 'stay' CHECK (kind IN ('stay', 'block', 'import')),
    status            text NOT NULL CHECK (status IN
        ('hold', 'pending', 'confirmed', 'completed', 'cancelled', 'declined', 'expired', 'blocked')),
    stay              daterange NOT NULL,
    guests            smallint CHECK (guests > 0),
    total_minor       bigint CHECK (total_minor >= 0),
    currency          char(3),
    price             jsonb NOT NULL DEFAULT '{}',
    policy            jsonb NOT NULL DEFAULT '{}', -- as it was agreed
    contact           jsonb NOT NULL DEFAULT '{}',
    note              text,
    block_reason      text,
    hold_expires_at   timestamptz,
    confirmed_at      timestamptz,
    cancelled_at      timestamptz,
    cancelled_by      bigint REFERENCES users,
    refund_pct        smallint CHECK (refund_pct BETWEEN 0 AND 100),
    refund_minor      bigint CHECK (refund_minor >= 0),
    payment_reference text,
    external_uid      text,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    version           int NOT NULL DEFAULT 1,
    -- Empty ranges would pass the constraint below.
    CONSTRAINT bookings_stay CHECK (NOT isempty(stay) AND NOT lower_inf(stay) AND NOT upper_inf(stay) AND lower_inc(stay)
                                    AND NOT upper_inc(stay) AND upper(stay) - lower(stay) <= 365),
    CHECK ((status = 'hold') = (hold_expires_at IS NOT NULL)),
    CHECK (kind <> 'stay' OR (user_id IS NOT NULL AND guests IS NOT NULL AND total_minor IS NOT NULL AND currency IS NOT NULL)),
    CHECK (status <> 'blocked' OR kind IN ('block', 'import')),
    -- Who gets the nights is decided here and nowhere else.
    CONSTRAINT bookings_no_overlap EXCLUDE USING gist (property_id WITH =, stay WITH &&)
        WHERE (status IN ('hold', 'pending', 'confirmed', 'blocked'))
);
CREATE UNIQUE INDEX bookings_external_uid ON bookings (property_id, external_uid) WHERE kind = 'import';
CREATE INDEX bookings_user ON bookings (user_id, id DESC);
CREATE INDEX bookings_holds ON bookings (status, hold_expires_at) WHERE status = 'hold';
CREATE INDEX bookings_confirmed ON bookings (upper(stay)) WHERE status = 'confirmed';
CREATE INDEX bookings_property ON bookings (property_id, id DESC);

CREATE TABLE booking_events (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    booking_id  bigint NOT NULL REFERENCES bookings ON DELETE CASCADE,
    from_status text,
    to_status   text NOT NULL,
    actor_id    bigint REFERENCES users,
    actor_kind  text NOT NULL CHECK (actor_kind IN ('user', 'system', 'cli', 'webhook')),
    reason      text,
    at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX booking_events_booking ON booking_events (booking_id, id);

-- Where the days of a property begin: as its rules say, when Postgres knows that zone.
CREATE FUNCTION property_zone(p properties) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM now() AT TIME ZONE (p.stay_rules ->> 'time_zone');
    RETURN coalesce(p.stay_rules ->> 'time_zone', p.time_zone);
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN p.time_zone;
END
$$;
CREATE FUNCTION property_today(p properties) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT (now() AT TIME ZONE property_zone(p))::date
$$;

-- Whether nobody has one of these nights. A hold whose time is over no longer counts, though its row still says hold.
CREATE FUNCTION nights_are_free(in_property bigint, nights daterange) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT FROM bookings b
                       WHERE b.property_id = in_property AND b.stay && nights
                         AND (b.status IN ('pending', 'confirmed', 'blocked') OR (b.status = 'hold' AND b.hold_expires_at > now())))
$$;

-- Admins see all; guests their own; an agent those of listings of their own besides.
CREATE FUNCTION booking_is_visible(b bookings, in_user bigint, in_agent boolean, in_admin boolean) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT in_admin OR coalesce(b.user_id = in_user, false)
           OR (in_agent AND EXISTS (SELECT FROM properties p WHERE p.id = b.property_id
                                    AND (p.agent_id = in_user OR p.created_by = in_user)))
$$;

-- As clients see it.
CREATE FUNCTION booking_shown(b bookings)
RETURNS TABLE (
    id bigint, property_id bigint, user_id bigint, status text, check_in date, check_out date, nights int, guests smallint, price jsonb,
    cancellation_policy text, contact jsonb, note text, hold_expires_at timestamptz, refund jsonb, payment_reference text, version int,
    created_at timestamptz, updated_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT b.id, b.property_id, b.user_id, b.status, lower(b.stay), upper(b.stay), upper(b.stay) - lower(b.stay), b.guests, b.price,
           b.policy ->> 'code', b.contact, b.note, b.hold_expires_at,
           CASE WHEN b.refund_minor IS NOT NULL THEN jsonb_build_object('pct', b.refund_pct, 'amount_minor', b.refund_minor) END,
           b.payment_reference, b.version, b.created_at, b.updated_at
$$;

-- Also by dates: check_in and check_out, which come together. Only stays have nights to give.
CREATE OR REPLACE FUNCTION properties_filtered(f jsonb) RETURNS SETOF properties LANGUAGE sql STABLE AS $$
    SELECT p.*
    FROM properties p
    WHERE (f ->> 'status' IS NULL OR p.status = f ->> 'status')
      AND (f ->> 'listing_type' IS NULL OR p.listing_type = f ->> 'listing_type')
      AND (f -> 'property_type' IS NULL OR p.property_type = ANY (json_texts(f -> 'property_type')))
      AND (f -> 'property_sub_type' IS NULL OR p.property_sub_type = ANY (json_texts(f -> 'property_sub_type')))
      AND (f ->> 'price_min' IS NULL OR p.price_base_minor >= (f ->> 'price_min')::bigint)
      AND (f ->> 'price_max' IS NULL OR p.price_base_minor <= (f ->> 'price_max')::bigint)
      AND (f ->> 'bedrooms_min' IS NULL OR p.bedrooms_total >= (f ->> 'bedrooms_min')::int)
      AND (f ->> 'bedrooms_max' IS NULL OR p.bedrooms_total <= (f ->> 'bedrooms_max')::int)
      AND (f ->> 'bathrooms_min' IS NULL OR p.bathrooms_total >= (f ->> 'bathrooms_min')::numeric)
      AND (f ->> 'guests' IS NULL OR p.max_guests >= (f ->> 'guests')::int)
      AND (f ->> 'living_area_min' IS NULL OR p.living_area_m2 >= (f ->> 'living_area_min')::numeric)
      AND (f ->> 'living_area_max' IS NULL OR p.living_area_m2 <= (f ->> 'living_area_max')::numeric)
      AND (f ->> 'lot_size_min' IS NULL OR p.lot_size_m2 >= (f ->> 'lot_size_min')::numeric)
      AND (f ->> 'lot_size_max' IS NULL OR p.lot_size_m2 <= (f ->> 'lot_size_max')::numeric)
      AND (f ->> 'year_built_min' IS NULL OR p.year_built >= (f ->> 'year_built_min')::int)
      AND (f -> 'city' IS NULL OR p.city = ANY (json_texts(f -> 'city')))
      AND (f ->> 'province' IS NULL OR p.province = f ->> 'province')
      AND (f ->> 'district' IS NULL OR p.district = f ->> 'district')
      AND (f ->> 'country' IS NULL OR p.country = f ->> 'country')
      AND (f ->> 'lat_min' IS NULL OR p.lat BETWEEN (f ->> 'lat_min')::float8 AND (f ->> 'lat_max')::float8)
      AND (f ->> 'lng_min' IS NULL OR p.lng BETWEEN (f ->> 'lng_min')::float8 AND (f ->> 'lng_max')::float8)
      AND (f ->> 'radius_km' IS NULL OR distance_km(p.lat, p.lng, (f ->> 'near_lat')::float8, (f ->> 'near_lng')::float8)
               <= (f ->> 'radius_km')::float8)
      AND (f -> 'amenities' IS NULL OR p.amenities @> json_texts(f -> 'amenities'))
      AND (f -> 'any_amenities' IS NULL OR p.amenities && json_texts(f -> 'any_amenities'))
      AND (f ->> 'cap_rate_min' IS NULL OR p.cap_rate_pct >= (f ->> 'cap_rate_min')::float8)
      AND (f ->> 'tenure' IS NULL OR p.financials ->> 'tenure' = f ->> 'tenure')
      AND (f -> 'ids' IS NULL OR p.id = ANY (json_texts(f -> 'ids')::bigint[]))
      AND (f ->> 'updated_since' IS NULL OR p.updated_at >= (f ->> 'updated_since')::timestamptz)
      AND (f ->> 'check_in' IS NULL OR (p.listing_type = 'short_stay'
               AND nights_are_free(p.id, daterange((f ->> 'check_in')::date, (f ->> 'check_out')::date))))
$$;
