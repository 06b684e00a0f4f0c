//! The statements of the first step: one on PostgreSQL, the same pieces one by one on SQLite.

/// Reserves an idempotency key; changes no row when somebody has it.
macro_rules! reserve {
    () => {
        "INSERT INTO idempotency_keys \
         (merchant_id, endpoint, key, body_digest, subject_id, lease_until, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
    };
}

/// A card by the digest of its number, with its holder, registration and consent state.
macro_rules! card {
    ($digest:literal) => {
        concat!(
            "SELECT c.id AS card_id, c.cardholder_id, c.programme, c.status, c.issued_at, n.expiry, n.retired_at, \
             h.name_kanji_digest, h.name_kana_digest, h.name_latin_digest, \
             h.email_digest, h.phone_digest, h.address_digest, \
             COALESCE(e.state, 'none') AS enrolment, COALESCE(s.standing, '{}') AS standing, \
             c.blocked_at, (SELECT string_agg(kind || ':' || CASE WHEN usable_from > COALESCE(locked_until, 0) \
              THEN usable_from ELSE COALESCE(locked_until, 0) END, ',') FROM credentials \
              WHERE enrolment_id = e.id) AS methods, \
             (SELECT string_agg(channel || ':' || usable_from, ',') FROM contacts WHERE enrolment_id = e.id \
              AND verified_at IS NOT NULL AND removed_at IS NULL) AS contacts \
             FROM card_numbers n JOIN cards c ON c.id = n.card_id JOIN cardholders h ON h.id = c.cardholder_id \
             LEFT JOIN enrolments e ON e.card_id = c.id LEFT JOIN consent_states s ON s.cardholder_id = h.id \
             WHERE n.digest = ",
            $digest
        )
    };
}

/// Adds one request to the card's hour.
macro_rules! count {
    ($source:literal) => {
        concat!(
            "INSERT INTO card_hours (card_id, hour, requests, sum_base_minor, last_at) ",
            $source,
            " ON CONFLICT (card_id, hour) DO UPDATE SET requests = card_hours.requests + 1, \
             sum_base_minor = card_hours.sum_base_minor + excluded.sum_base_minor, last_at = excluded.last_at"
        )
    };
}

/// Aggregates over the hours of a card, the present hour apart.
macro_rules! hours {
    ($card:literal, $hour:literal) => {
        concat!(
            "SELECT CAST(COALESCE(SUM(requests) FILTER (WHERE hour = ",
            $hour,
            "), 0) AS BIGINT) AS requests_now, \
             CAST(COALESCE(SUM(requests) FILTER (WHERE hour = ",
            $hour,
            " - 1), 0) AS BIGINT) AS requests_1h, \
             CAST(COALESCE(SUM(requests) FILTER (WHERE hour BETWEEN ",
            $hour,
            " - 24 AND ",
            $hour,
            " - 1), 0) AS BIGINT) AS requests_24h, \
             CAST(COALESCE(SUM(requests) FILTER (WHERE hour < ",
            $hour,
            "), 0) AS BIGINT) AS requests_30d, \
             CAST(COALESCE(SUM(sum_base_minor) FILTER (WHERE hour = ",
            $hour,
            "), 0) AS BIGINT) AS sum_now, \
             CAST(COALESCE(SUM(sum_base_minor) FILTER (WHERE hour = ",
            $hour,
            " - 1), 0) AS BIGINT) AS sum_1h, \
             CAST(COALESCE(SUM(sum_base_minor) FILTER (WHERE hour BETWEEN ",
            $hour,
            " - 24 AND ",
            $hour,
            " - 1), 0) AS BIGINT) AS sum_24h, \
             CAST(COALESCE(SUM(sum_base_minor) FILTER (WHERE hour < ",
            $hour,
            "), 0) AS BIGINT) AS sum_30d, \
             CAST(COALESCE(SUM(failed_challenges) FILTER (WHERE hour >= ",
            $hour,
            " - 24), 0) AS BIGINT) AS failed_24h, \
             CAST(COALESCE(SUM(challenge_pages) FILTER (WHERE hour >= ",
            $hour,
            " - 24), 0) AS BIGINT) AS pages_24h, \
             COALESCE(MAX(last_at), 0) AS last_at \
             FROM card_hours WHERE card_id = ",
            $card,
            " AND hour BETWEEN ",
            $hour,
            " - 720 AND ",
            $hour
        )
    };
}

/// Columns: other cards seen on the device and the address, at most 99, and what the card passed with before.
macro_rules! surroundings {
    ($card:literal, $hour:literal, $device:literal, $ip:literal, $address:literal, $merchant:literal) => {
        concat!(
            "(SELECT COUNT(*) FROM (SELECT DISTINCT card_id FROM sightings WHERE digest = ",
            $device,
            " AND card_id <> ",
            $card,
            " AND hour >= ",
            $hour,
            " - 24 LIMIT 99) d) AS others_on_device, \
             (SELECT COUNT(*) FROM (SELECT DISTINCT card_id FROM sightings WHERE digest = ",
            $ip,
            " AND card_id <> ",
            $card,
            " AND hour >= ",
            $hour,
            " - 24 LIMIT 99) i) AS others_on_ip, \
             (SELECT COUNT(*) FROM familiars WHERE card_id = ",
            $card,
            " AND kind = 'device' AND digest = ",
            $device,
            ") AS familiar_device, \
             (SELECT COUNT(*) FROM familiars WHERE card_id = ",
            $card,
            " AND kind = 'address' AND digest = ",
            $address,
            ") AS familiar_address, \
             (SELECT COUNT(*) FROM familiars WHERE card_id = ",
            $card,
            " AND kind = 'merchant' AND digest = ",
            $merchant,
            ") AS familiar_merchant"
        )
    };
}

/// Column: an open vouch for the card at this merchant that covers the amount. There is at most one.
macro_rules! vouch {
    ($card:literal, $merchant:literal, $now:literal, $currency:literal, $amount:literal) => {
        concat!(
            "(SELECT v.id FROM vouches v WHERE v.card_id = ",
            $card,
            " AND v.merchant_id = ",
            $merchant,
            " AND v.ended_at IS NULL AND v.used_at IS NULL AND v.expires_at > ",
            $now,
            " AND v.currency = ",
            $currency,
            " AND v.ceiling_minor >= ",
            $amount,
            ") AS vouch_id"
        )
    };
}

/// SQLite, step 1. Parameters: merchant, endpoint, key, body digest, subject, lease, now.
pub(super) const RESERVE: &str = reserve!();

/// SQLite, step 2. Parameter: digest of the number.
pub(super) const CARD: &str = card!("$1");

/// SQLite, step 3, before the card is counted. Parameters: card, hour, device, IP address, address, merchant's bytes,
/// merchant, now, currency, amount.
pub(super) const HISTORY: &str = concat!(
    "SELECT hours.*, ",
    surroundings!("$1", "$2", "$3", "$4", "$5", "$6"),
    ", ",
    vouch!("$1", "$7", "$8", "$9", "$10"),
    " FROM (",
    hours!("$1", "$2"),
    ") hours"
);

/// SQLite, step 4. Parameters: card, hour, amount, now. Both databases count by one conditional upsert.
pub(super) const COUNT: &str = count!("VALUES ($1, $2, 1, $3, $4)");

/// SQLite, step 5. Parameters: digest, card, hour.
pub(super) const SIGHT: &str =
    "INSERT INTO sightings (digest, card_id, hour) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

/// PostgreSQL, all steps. `counted` reads `reserved`, so that the key is locked before the counter. Parameters:
/// the seven of the reservation, 8 number, 9 hour, 10 amount, 11 device, 12 IP address, 13 address, 14 merchant's bytes,
/// 15 currency, 16 amount.
///
/// A statement sees the rows as they were when it began, so the present hour comes from the upsert itself
/// (`counted`), which waits for parallel requests and sees them.
pub(super) const RECEIVE_POSTGRES: &str = concat!(
    "WITH reserved AS (",
    reserve!(),
    " RETURNING 1), \
     card AS (",
    card!("$8"),
    "), \
     counted AS (",
    count!("SELECT card.card_id, $9, 1, $10, $7 FROM card, reserved"),
    " RETURNING requests, sum_base_minor), \
     sighted AS (INSERT INTO sightings (digest, card_id, hour) \
      SELECT DISTINCT d.digest, card.card_id, $9::bigint FROM card, reserved, (VALUES ($11::bytea), ($12::bytea)) AS d (digest) \
      WHERE d.digest IS NOT NULL ORDER BY 1 ON CONFLICT DO NOTHING) \
     SELECT (SELECT COUNT(*) FROM reserved) AS reserved, card.*, hours.requests_1h, hours.requests_24h, hours.requests_30d, \
      hours.sum_1h, hours.sum_24h, hours.sum_30d, hours.failed_24h, hours.pages_24h, hours.last_at, \
      COALESCE(counted.requests, hours.requests_now) AS requests_now, \
      COALESCE(counted.sum_base_minor, hours.sum_now) AS sum_now, ",
    surroundings!("card.card_id", "$9", "$11", "$12", "$13", "$14"),
    ", ",
    vouch!("card.card_id", "$1", "$7", "$15", "$16"),
    " FROM (SELECT 1) one LEFT JOIN card ON TRUE LEFT JOIN counted ON TRUE LEFT JOIN LATERAL (",
    hours!("card.card_id", "$9"),
    ") hours ON TRUE"
);
