-- What the public sees of a property, rendered once per version and locale: the hottest read is then one row. Filled when a
-- reader finds none; never wrong, because a document counts only for the version of the property that it shows.

CREATE TABLE property_documents (
    property_id bigint NOT NULL REFERENCES properties ON DELETE CASCADE,
    locale      text NOT NULL, -- as asked for; the text inside may be a fallback
    version     int NOT NULL,
    rendered_at timestamptz NOT NULL DEFAULT now(),
    body        text NOT NULL,
    PRIMARY KEY (property_id, locale)
) WITH (toast_tuple_target = 8160);
-- Neither compressed nor moved out of line while it fits a page: reading it must cost nothing.
ALTER TABLE property_documents ALTER COLUMN body SET STORAGE EXTERNAL;
