-- How many fit. Parameters as of inquiries_list, $1 to $6
SELECT count(*) AS total
FROM inquiries i
WHERE inquiry_is_visible(i, $1::bigint, $2::boolean)
  AND CASE WHEN $3::text IS NULL THEN i.status <> 'spam' ELSE i.status = $3::text END
  AND ($4::text IS NULL OR i.kind = $4::text)
  AND ($5::bigint IS NULL OR i.property_id = $5::bigint)
  AND ($6::bigint IS NULL OR i.assigned_to = $6::bigint)
