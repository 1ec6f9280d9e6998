-- Several properties in the order of their ids in the list. $1 bigint[] ids, $2 text locale, $3 boolean exact
-- coordinates, $4 text currency to convert the prices to (NULL = none)
SELECT d.*
FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, n)
JOIN properties p ON p.id = wanted.id, property_details(p, $2::text, $3::boolean, $4::text) d
ORDER BY wanted.n
