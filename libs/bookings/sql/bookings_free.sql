-- Whether nobody has one of the nights. $1 bigint property, $2 bigint first day, $3 bigint day of leaving
SELECT nights_are_free($1::bigint, daterange(date '1970-01-01' + $2::bigint::int, date '1970-01-01' + $3::bigint::int)) AS is_free
