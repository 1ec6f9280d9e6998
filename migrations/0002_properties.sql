-- Listings with texts per locale, images and the history of their price.

CREATE TABLE properties (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug                 text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]*[a-z-][a-z0-9-]*$'), -- never all digits: that is an id
    created_by           bigint NOT NULL REFERENCES users,
    agent_id             bigint REFERENCES users,
    listing_type         text NOT NULL CHECK (listing_type IN ('short_stay', 'sale', 'lease')),
    property_type        text NOT NULL,
    property_sub_type    text,
    status               text NOT NULL DEFAULT 'draft' CHECK (status IN
        ('draft', 'active', 'under_contract', 'sold', 'leased', 'hold', 'withdrawn', 'archived')),
    bedrooms_total       smallint CHECK (bedrooms_total >= 0),
    bathrooms_total      numeric(4, 1) CHECK (bathrooms_total >= 0),
    max_guests           smallint CHECK (max_guests > 0),
    living_area_m2       numeric(10, 2) CHECK (living_area_m2 > 0),
    lot_size_m2          numeric(14, 2) CHECK (lot_size_m2 > 0),
    year_built           smallint CHECK (year_built BETWEEN 1700 AND 2200),
    furnished            boolean,
    price_minor          bigint NOT NULL CHECK (price_minor >= 0),
    currency             char(3) NOT NULL,
    price_period         text NOT NULL CHECK (price_period IN ('night', 'month', 'total')),
    price_base_minor     bigint NOT NULL CHECK (price_base_minor >= 0), -- in the product's base currency
    district             text,
    city                 text,
    province             text,
    country              char(2) NOT NULL DEFAULT 'TH',
    postal_code          text,
    address_line         text,
    lat                  double precision CHECK (lat BETWEEN -90 AND 90),
    lng                  double precision CHECK (lng BETWEEN -180 AND 180),
    location_approximate boolean NOT NULL DEFAULT true,
    time_zone            text NOT NULL DEFAULT 'Asia/Bangkok',
    amenities            text[] NOT NULL DEFAULT '{}',
    stay_rules           jsonb NOT NULL DEFAULT '{}',
    cancellation_policy  text NOT NULL DEFAULT 'moderate',
    financials           jsonb NOT NULL DEFAULT '{}',
    attributes           jsonb NOT NULL DEFAULT '{}',
    default_locale       text NOT NULL DEFAULT 'en',
    cap_rate_pct         double precision GENERATED ALWAYS AS ((financials ->> 'cap_rate_pct')::double precision) STORED,
    published_at         timestamptz,
    archived_at          timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    version              int NOT NULL DEFAULT 1,
    CHECK ((lat IS NULL) = (lng IS NULL)),
    CHECK (status <> 'active' OR published_at IS NOT NULL)
);

-- One index a sort order, over what the public may see, each ending with the id so that a page resumes at its row.
CREATE INDEX properties_newest ON properties (published_at DESC, id DESC) WHERE status = 'active';
CREATE INDEX properties_price ON properties (price_base_minor, id) WHERE status = 'active';
CREATE INDEX properties_type_newest ON properties (listing_type, published_at DESC, id DESC) WHERE status = 'active';
CREATE INDEX properties_type_price ON properties (listing_type, price_base_minor, id) WHERE status = 'active';
CREATE INDEX properties_bedrooms ON properties ((coalesce(bedrooms_total, 32767)), id) WHERE status = 'active';
CREATE INDEX properties_cap_rate ON properties ((coalesce(cap_rate_pct, -1000)), id) WHERE status = 'active';
CREATE INDEX properties_city ON properties (city) WHERE status = 'active';
CREATE INDEX properties_place ON properties (lat, lng) WHERE status = 'active';
CREATE INDEX properties_amenities ON properties USING gin (amenities);
CREATE INDEX properties_created_by ON properties (created_by);
CREATE INDEX properties_agent ON properties (agent_id);

CREATE TABLE property_texts (
    property_id bigint NOT NULL REFERENCES properties ON DELETE CASCADE,
    locale      text NOT NULL,
    title       text NOT NULL CHECK (char_length(title) BETWEEN 3 AND 200),
    description text NOT NULL DEFAULT '' CHECK (char_length(description) <= 20000),
    search_text text GENERATED ALWAYS AS (lower(title || ' ' || description)) STORED,
    fts         tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector(CASE WHEN locale = 'en' THEN 'pg_catalog.english'::regconfig
                                   ELSE 'pg_catalog.simple'::regconfig END, title), 'A') ||
        setweight(to_tsvector(CASE WHEN locale = 'en' THEN 'pg_catalog.english'::regconfig
                                   ELSE 'pg_catalog.simple'::regconfig END, description), 'B')) STORED,
    PRIMARY KEY (property_id, locale)
);
CREATE INDEX property_texts_fts ON property_texts USING gin (fts);
CREATE INDEX property_texts_search ON property_texts USING gin (search_text gin_trgm_ops);

CREATE TABLE property_images (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    property_id bigint NOT NULL REFERENCES properties ON DELETE CASCADE,
    url         text NOT NULL CHECK (url LIKE 'https://%'),
    alt         jsonb NOT NULL DEFAULT '{}',
    position    smallint NOT NULL, -- 0 = cover
    width       int CHECK (width > 0),
    height      int CHECK (height > 0),
    UNIQUE (property_id, position) DEFERRABLE
);

CREATE TABLE property_price_history (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    property_id bigint NOT NULL REFERENCES properties ON DELETE CASCADE,
    price_minor bigint NOT NULL,
    currency    char(3) NOT NULL,
    changed_by  bigint REFERENCES users,
    changed_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX property_price_history_latest ON property_price_history (property_id, changed_at DESC);
