-- ---- postgres ----

-- find (id, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "id" = $1 AND "expires_at" > $2;

-- findId (id)
SELECT "id" AS "id", "version" AS "version" FROM "sessions" "s" WHERE "id" = $1;

-- insert (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent)
INSERT INTO "sessions"("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent") VALUES (CASE WHEN set_config('lock_timeout', '50', true) IS NOT NULL THEN $1 END, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- update (data, expiresAt, pruneAfter, lastSeenAt, userId, id, version)
UPDATE "sessions" SET "data" = $1, "expires_at" = $2, "prune_after" = $3, "last_seen_at" = $4, "version" = "version" + 1, "user_id" = $5 WHERE "id" = $6 AND "version" = $7 AND set_config('lock_timeout', '50', true) IS NOT NULL;

-- overwrite (data, expiresAt, pruneAfter, lastSeenAt, userId, id)
UPDATE "sessions" SET "data" = $1, "expires_at" = $2, "prune_after" = $3, "last_seen_at" = $4, "version" = "version" + 1, "user_id" = $5 WHERE "id" = $6 AND 1 = 1 AND set_config('lock_timeout', '50', true) IS NOT NULL;

-- upsert (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent)
INSERT INTO "sessions"("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent") VALUES (CASE WHEN set_config('lock_timeout', '50', true) IS NOT NULL THEN $1 END, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT ("id") DO UPDATE SET "data" = EXCLUDED."data", "expires_at" = EXCLUDED."expires_at", "prune_after" = EXCLUDED."prune_after", "last_seen_at" = EXCLUDED."last_seen_at", "user_id" = EXCLUDED."user_id", "version" = "sessions"."version" + 1 WHERE "sessions"."id" = EXCLUDED."id";

-- touch (expiresAt, pruneAfter, lastSeenAt, id, now, unseenSince)
UPDATE "sessions" SET "expires_at" = CASE WHEN "expires_at" < $1 THEN $1 ELSE "expires_at" END, "prune_after" = CASE WHEN "prune_after" < $2 THEN $2 ELSE "prune_after" END, "last_seen_at" = CASE WHEN "last_seen_at" < $3 THEN $3 ELSE "last_seen_at" END WHERE "id" = $4 AND "expires_at" > $5 AND "last_seen_at" <= $6 AND set_config('lock_timeout', '50', true) IS NOT NULL AND set_config('synchronous_commit', 'off', true) IS NOT NULL;

-- touchInHour (expiresAt, lastSeenAt, id, now, unseenSince)
UPDATE "sessions" SET "expires_at" = CASE WHEN "expires_at" < $1 THEN $1 ELSE "expires_at" END, "last_seen_at" = CASE WHEN "last_seen_at" < $2 THEN $2 ELSE "last_seen_at" END WHERE "id" = $3 AND "expires_at" > $4 AND "last_seen_at" <= $5 AND set_config('lock_timeout', '50', true) IS NOT NULL AND set_config('synchronous_commit', 'off', true) IS NOT NULL;

-- changeId (newId, id)
UPDATE "sessions" SET "id" = $1 WHERE "id" = $2 AND set_config('lock_timeout', '50', true) IS NOT NULL;

-- adoptId (newId, createdAt, lastSeenAt, userId, handle, id)
UPDATE "sessions" SET "id" = $1, "created_at" = COALESCE("created_at", $2), "last_seen_at" = COALESCE("last_seen_at", $3), "user_id" = $4, "handle" = COALESCE("handle", $5) WHERE "id" = $6 AND set_config('lock_timeout', '50', true) IS NOT NULL;

-- setClient (ipAddress, userAgent, id)
UPDATE "sessions" SET "ip_address" = $1, "user_agent" = $2 WHERE "id" = $3 AND set_config('lock_timeout', '50', true) IS NOT NULL;

-- remove (id)
DELETE FROM "sessions" WHERE "id" = $1 AND set_config('lock_timeout', '50', true) IS NOT NULL;

-- removeHandle (handle)
DELETE FROM "sessions" WHERE "handle" = $1 AND set_config('lock_timeout', '50', true) IS NOT NULL;

-- clear (no parameters)
DELETE FROM "sessions";

-- clearUnlocked (limit)
DELETE FROM "sessions" WHERE "id" = ANY (ARRAY (SELECT "id" FROM "sessions" WHERE 1 = 1 LIMIT $1 FOR UPDATE SKIP LOCKED));

-- count (now)
SELECT COUNT(*) AS "count" FROM "sessions" "s" WHERE "expires_at" > $1;

-- idsOfUser (userId, now)
SELECT "user_id" AS "userId" FROM "sessions" "s" WHERE "user_id" = $1 AND "expires_at" > $2;

-- prune (pruneHour, now, limit)
DELETE FROM "sessions" WHERE "id" = ANY (ARRAY (SELECT "id" FROM "sessions" WHERE "prune_after" <= $1 AND "expires_at" <= $2 ORDER BY "prune_after" LIMIT $3 FOR UPDATE SKIP LOCKED));

-- find for 2 (id.0, id.1, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "id" IN ($1, $2) AND "expires_at" > $3;

-- insert for 2 (id.0, data.0, expiresAt.0, pruneAfter.0, createdAt.0, lastSeenAt.0, version.0, userId.0, handle.0, ipAddress.0, userAgent.0, id.1, data.1, expiresAt.1, pruneAfter.1, createdAt.1, lastSeenAt.1, version.1, userId.1, handle.1, ipAddress.1, userAgent.1)
WITH v(v_id, v_data, v_expiresAt, v_pruneAfter, v_createdAt, v_lastSeenAt, v_version, v_userId, v_handle, v_ipAddress, v_userAgent) AS (VALUES (CAST($1 AS text), CAST($2 AS text), CAST($3 AS bigint), CAST($4 AS integer), CAST($5 AS bigint), CAST($6 AS bigint), CAST($7 AS integer), CAST($8 AS text), CAST($9 AS text), CAST($10 AS text), CAST($11 AS text)), (CAST($12 AS text), CAST($13 AS text), CAST($14 AS bigint), CAST($15 AS integer), CAST($16 AS bigint), CAST($17 AS bigint), CAST($18 AS integer), CAST($19 AS text), CAST($20 AS text), CAST($21 AS text), CAST($22 AS text))) INSERT INTO "sessions" ("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent") SELECT v_id, v_data, v_expiresAt, v_pruneAfter, v_createdAt, v_lastSeenAt, v_version, v_userId, v_handle, v_ipAddress, v_userAgent FROM v WHERE v_id IS NOT NULL AND set_config('lock_timeout', '50', true) IS NOT NULL;

-- upsert for 2 (id.0, data.0, expiresAt.0, pruneAfter.0, createdAt.0, lastSeenAt.0, version.0, userId.0, handle.0, ipAddress.0, userAgent.0, id.1, data.1, expiresAt.1, pruneAfter.1, createdAt.1, lastSeenAt.1, version.1, userId.1, handle.1, ipAddress.1, userAgent.1)
WITH v(v_id, v_data, v_expiresAt, v_pruneAfter, v_createdAt, v_lastSeenAt, v_version, v_userId, v_handle, v_ipAddress, v_userAgent) AS (VALUES (CAST($1 AS text), CAST($2 AS text), CAST($3 AS bigint), CAST($4 AS integer), CAST($5 AS bigint), CAST($6 AS bigint), CAST($7 AS integer), CAST($8 AS text), CAST($9 AS text), CAST($10 AS text), CAST($11 AS text)), (CAST($12 AS text), CAST($13 AS text), CAST($14 AS bigint), CAST($15 AS integer), CAST($16 AS bigint), CAST($17 AS bigint), CAST($18 AS integer), CAST($19 AS text), CAST($20 AS text), CAST($21 AS text), CAST($22 AS text))) INSERT INTO "sessions" ("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent") SELECT v_id, v_data, v_expiresAt, v_pruneAfter, v_createdAt, v_lastSeenAt, v_version, v_userId, v_handle, v_ipAddress, v_userAgent FROM v WHERE v_id IS NOT NULL AND set_config('lock_timeout', '50', true) IS NOT NULL AND (NOT EXISTS (SELECT 1 FROM "sessions" WHERE "id" = v_id) OR EXISTS (SELECT 1 FROM "sessions" WHERE "id" = v_id FOR NO KEY UPDATE SKIP LOCKED)) ON CONFLICT ("id") DO UPDATE SET "data" = EXCLUDED."data", "expires_at" = EXCLUDED."expires_at", "prune_after" = EXCLUDED."prune_after", "last_seen_at" = EXCLUDED."last_seen_at", "user_id" = EXCLUDED."user_id", "version" = "sessions"."version" + 1 WHERE "sessions"."id" = EXCLUDED."id" RETURNING "id" AS id;

-- update for 2 (id.0, data.0, expiresAt.0, pruneAfter.0, lastSeenAt.0, version.0, userId.0, id.1, data.1, expiresAt.1, pruneAfter.1, lastSeenAt.1, version.1, userId.1)
WITH v(v_id, v_data, v_expiresAt, v_pruneAfter, v_lastSeenAt, v_version, v_userId) AS (VALUES (CAST($1 AS text), CAST($2 AS text), CAST($3 AS bigint), CAST($4 AS integer), CAST($5 AS bigint), CAST($6 AS integer), CAST($7 AS text)), (CAST($8 AS text), CAST($9 AS text), CAST($10 AS bigint), CAST($11 AS integer), CAST($12 AS bigint), CAST($13 AS integer), CAST($14 AS text))) UPDATE "sessions" AS s SET "data" = v.v_data, "expires_at" = v.v_expiresAt, "prune_after" = v.v_pruneAfter, "last_seen_at" = v.v_lastSeenAt, "user_id" = v.v_userId, "version" = s."version" + 1 FROM v CROSS JOIN LATERAL (SELECT "id" AS l_id FROM "sessions" WHERE "id" = v.v_id AND "version" = v.v_version FOR NO KEY UPDATE SKIP LOCKED) AS l WHERE s."id" = l.l_id RETURNING "id" AS id;

-- touch for 2 (id.0, expiresAt.0, pruneAfter.0, lastSeenAt.0, unseenSince.0, id.1, expiresAt.1, pruneAfter.1, lastSeenAt.1, unseenSince.1, now)
WITH v(v_id, v_expiresAt, v_pruneAfter, v_lastSeenAt, v_unseenSince) AS (VALUES (CAST($1 AS text), CAST($2 AS bigint), CAST($3 AS integer), CAST($4 AS bigint), CAST($5 AS bigint)), (CAST($6 AS text), CAST($7 AS bigint), CAST($8 AS integer), CAST($9 AS bigint), CAST($10 AS bigint))) UPDATE "sessions" AS s SET "expires_at" = CASE WHEN s."expires_at" < v.v_expiresAt THEN v.v_expiresAt ELSE s."expires_at" END, "prune_after" = CASE WHEN s."prune_after" < v.v_pruneAfter THEN v.v_pruneAfter ELSE s."prune_after" END, "last_seen_at" = CASE WHEN s."last_seen_at" < v.v_lastSeenAt THEN v.v_lastSeenAt ELSE s."last_seen_at" END FROM v CROSS JOIN LATERAL (SELECT "id" AS l_id FROM "sessions" WHERE "id" = v.v_id AND "expires_at" > $11 AND "last_seen_at" <= v.v_unseenSince AND set_config('synchronous_commit', 'off', true) IS NOT NULL FOR NO KEY UPDATE SKIP LOCKED) AS l WHERE s."id" = l.l_id RETURNING "id" AS id;

-- touchInHour for 2 (id.0, expiresAt.0, lastSeenAt.0, unseenSince.0, id.1, expiresAt.1, lastSeenAt.1, unseenSince.1, now)
WITH v(v_id, v_expiresAt, v_lastSeenAt, v_unseenSince) AS (VALUES (CAST($1 AS text), CAST($2 AS bigint), CAST($3 AS bigint), CAST($4 AS bigint)), (CAST($5 AS text), CAST($6 AS bigint), CAST($7 AS bigint), CAST($8 AS bigint))) UPDATE "sessions" AS s SET "expires_at" = CASE WHEN s."expires_at" < v.v_expiresAt THEN v.v_expiresAt ELSE s."expires_at" END, "last_seen_at" = CASE WHEN s."last_seen_at" < v.v_lastSeenAt THEN v.v_lastSeenAt ELSE s."last_seen_at" END FROM v CROSS JOIN LATERAL (SELECT "id" AS l_id FROM "sessions" WHERE "id" = v.v_id AND "expires_at" > $9 AND "last_seen_at" <= v.v_unseenSince AND set_config('synchronous_commit', 'off', true) IS NOT NULL FOR NO KEY UPDATE SKIP LOCKED) AS l WHERE s."id" = l.l_id RETURNING "id" AS id;

-- remove for 2 (id.0, id.1)
WITH v(v_id) AS (VALUES (CAST($1 AS text)), (CAST($2 AS text))) DELETE FROM "sessions" AS s USING v CROSS JOIN LATERAL (SELECT "id" AS l_id FROM "sessions" WHERE "id" = v.v_id FOR UPDATE SKIP LOCKED) AS l WHERE s."id" = l.l_id RETURNING "id" AS id;

-- versions for 2 (id.0, id.1)
SELECT "id" AS "id", "version" AS "version" FROM "sessions" "s" WHERE "id" IN ($1, $2);

-- unlocked for 2 (id.0, id.1)
SELECT "id" AS "id", "version" AS "version" FROM "sessions" "s" WHERE "id" IN ($1, $2) FOR UPDATE SKIP LOCKED;

-- addresses (userId, userAgent)
SELECT DISTINCT "user_id" AS "userId", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "user_id" = $1 AND "user_agent" = $2;

-- addresses but of one row (userId, id)
SELECT DISTINCT "user_id" AS "userId", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "user_id" = $1 AND "user_agent" IS NULL AND NOT ("id" = $2);

-- page (now, limit)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "expires_at" > $1 ORDER BY "handle" DESC LIMIT $2;

-- page after (after, now, limit)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "handle" < $1 AND "expires_at" > $2 ORDER BY "handle" DESC LIMIT $3;

-- page of a user (userId, now, limit)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "user_id" = $1 AND "expires_at" > $2 ORDER BY "handle" DESC LIMIT $3;

-- page of a user after (userId, after, now, limit)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "user_id" = $1 AND "handle" < $2 AND "expires_at" > $3 ORDER BY "handle" DESC LIMIT $4;

-- page of a handle (handle, now, limit)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "handle" = $1 AND "expires_at" > $2 ORDER BY "handle" DESC LIMIT $3;

-- locate (limit)
SELECT "id" AS "id", "expires_at" AS "expiresAt", "created_at" AS "createdAt", "user_id" AS "userId", "handle" AS "handle" FROM "sessions" "s" WHERE 1 = 1 ORDER BY "handle" ASC LIMIT $1;

-- locate those of a user (userId, limit)
SELECT "id" AS "id", "expires_at" AS "expiresAt", "created_at" AS "createdAt", "user_id" AS "userId", "handle" AS "handle" FROM "sessions" "s" WHERE "user_id" = $1 ORDER BY "handle" ASC LIMIT $2;

-- locate that of a handle (handle, limit)
SELECT "id" AS "id", "expires_at" AS "expiresAt", "created_at" AS "createdAt", "user_id" AS "userId", "handle" AS "handle" FROM "sessions" "s" WHERE "handle" = $1 ORDER BY "handle" ASC LIMIT $2;

-- locate older ones after (createdUntil, after, limit)
SELECT "id" AS "id", "expires_at" AS "expiresAt", "created_at" AS "createdAt", "user_id" AS "userId", "handle" AS "handle" FROM "sessions" "s" WHERE "created_at" <= $1 AND "handle" > $2 ORDER BY "handle" ASC LIMIT $3;

-- scan (now, limit)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "expires_at" > $1 ORDER BY "id" ASC LIMIT $2;

-- scan after (after, now, limit)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "id" > $1 AND "expires_at" > $2 ORDER BY "id" ASC LIMIT $3;

-- ids (limit)
SELECT "id" AS "id" FROM "sessions" "s" LIMIT $1;

-- ids in order (limit)
SELECT "id" AS "id" FROM "sessions" "s" WHERE 1 = 1 ORDER BY "id" ASC LIMIT $1;

-- ids in order after (after, limit)
SELECT "id" AS "id" FROM "sessions" "s" WHERE "id" > $1 ORDER BY "id" ASC LIMIT $2;

-- expired (pruneHour, now)
SELECT "id" AS "id" FROM "sessions" "s" WHERE "prune_after" <= $1 AND "expires_at" <= $2 ORDER BY "prune_after" ASC LIMIT 50;

-- find, with renewal (id, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent", "previous_id" AS "previousId", "previous_until" AS "previousUntil" FROM "sessions" "s" WHERE "id" = $1 AND "expires_at" > $2;

-- findPrevious, with renewal (previousId, previousUntil, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent", "previous_id" AS "previousId", "previous_until" AS "previousUntil" FROM "sessions" "s" WHERE "previous_id" = $1 AND "previous_until" > $2 AND "expires_at" > $3;

-- insert, with renewal (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent, previousId, previousUntil)
INSERT INTO "sessions"("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent", "previous_id", "previous_until") VALUES (CASE WHEN set_config('lock_timeout', '50', true) IS NOT NULL THEN $1 END, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- changeId, with renewal (newId, previousId, previousUntil, id)
UPDATE "sessions" SET "id" = $1, "previous_id" = $2, "previous_until" = $3 WHERE "id" = $4 AND set_config('lock_timeout', '50', true) IS NOT NULL;


-- ---- mysql ----

-- find (id, id, now)
SELECT `id` AS `id`, `data` AS `data`, `expires_at` AS `expiresAt`, `prune_after` AS `pruneAfter`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `version` AS `version`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expires_at` > ?;

-- findId (id, id)
SELECT `id` AS `id`, `version` AS `version` FROM `sessions` `s` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY);

-- insert (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent)
INSERT INTO `sessions`(`id`, `data`, `expires_at`, `prune_after`, `created_at`, `last_seen_at`, `version`, `user_id`, `handle`, `ip_address`, `user_agent`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- update (id, id, version, data, expiresAt, pruneAfter, lastSeenAt, userId)
UPDATE (SELECT `id` AS unlocked FROM `sessions` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `version` = ? LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` SET `data` = ?, `expires_at` = ?, `prune_after` = ?, `last_seen_at` = ?, `version` = `version` + 1, `user_id` = ? WHERE `id` = l.unlocked;

-- overwrite (id, id, data, expiresAt, pruneAfter, lastSeenAt, userId)
UPDATE (SELECT `id` AS unlocked FROM `sessions` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND 1 = 1 LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` SET `data` = ?, `expires_at` = ?, `prune_after` = ?, `last_seen_at` = ?, `version` = `version` + 1, `user_id` = ? WHERE `id` = l.unlocked;

-- upsert (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent)
INSERT INTO `sessions`(`id`, `data`, `expires_at`, `prune_after`, `created_at`, `last_seen_at`, `version`, `user_id`, `handle`, `ip_address`, `user_agent`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `data` = IF(CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(VALUES(`id`) USING utf8mb4) AS BINARY), VALUES(`data`), (SELECT 1 UNION SELECT 2)), `expires_at` = VALUES(`expires_at`), `prune_after` = VALUES(`prune_after`), `last_seen_at` = VALUES(`last_seen_at`), `user_id` = VALUES(`user_id`), `version` = `version` + 1;

-- touch (id, id, now, unseenSince, expiresAt, expiresAt, pruneAfter, pruneAfter, lastSeenAt, lastSeenAt)
UPDATE (SELECT `id` AS unlocked FROM `sessions` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expires_at` > ? AND `last_seen_at` <= ? LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` SET `expires_at` = CASE WHEN `expires_at` < ? THEN ? ELSE `expires_at` END, `prune_after` = CASE WHEN `prune_after` < ? THEN ? ELSE `prune_after` END, `last_seen_at` = CASE WHEN `last_seen_at` < ? THEN ? ELSE `last_seen_at` END WHERE `id` = l.unlocked;

-- touchInHour (id, id, now, unseenSince, expiresAt, expiresAt, lastSeenAt, lastSeenAt)
UPDATE (SELECT `id` AS unlocked FROM `sessions` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expires_at` > ? AND `last_seen_at` <= ? LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` SET `expires_at` = CASE WHEN `expires_at` < ? THEN ? ELSE `expires_at` END, `last_seen_at` = CASE WHEN `last_seen_at` < ? THEN ? ELSE `last_seen_at` END WHERE `id` = l.unlocked;

-- changeId (id, id, newId)
UPDATE (SELECT `id` AS unlocked FROM `sessions` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` SET `id` = ? WHERE `id` = l.unlocked;

-- adoptId (id, id, newId, createdAt, lastSeenAt, userId, handle)
UPDATE (SELECT `id` AS unlocked FROM `sessions` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` SET `id` = ?, `created_at` = COALESCE(`created_at`, ?), `last_seen_at` = COALESCE(`last_seen_at`, ?), `user_id` = ?, `handle` = COALESCE(`handle`, ?) WHERE `id` = l.unlocked;

-- setClient (id, id, ipAddress, userAgent)
UPDATE (SELECT `id` AS unlocked FROM `sessions` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` SET `ip_address` = ?, `user_agent` = ? WHERE `id` = l.unlocked;

-- remove (id, id)
DELETE s FROM (SELECT `id` AS unlocked FROM `sessions` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` s ON s.`id` = l.unlocked;

-- removeHandle (handle)
DELETE FROM `sessions` WHERE `handle` = ?;

-- clear (no parameters)
DELETE FROM `sessions`;

-- clearUnlocked (limit)
DELETE s FROM (SELECT `id` AS unlocked FROM `sessions` WHERE 1 = 1 LIMIT ? FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` s ON s.`id` = l.unlocked;

-- count (now)
SELECT COUNT(*) AS `count` FROM `sessions` `s` WHERE `expires_at` > ?;

-- idsOfUser (userId, userId, now)
SELECT `user_id` AS `userId` FROM `sessions` `s` WHERE `user_id` = ? AND CAST(CONVERT(`user_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expires_at` > ?;

-- prune (pruneHour, now, limit)
DELETE s FROM (SELECT `id` AS unlocked FROM `sessions` WHERE `prune_after` <= ? AND `expires_at` <= ? ORDER BY `prune_after` LIMIT ? FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` s ON s.`id` = l.unlocked;

-- find for 2 (id.0, id.1, now)
SELECT `id` AS `id`, `data` AS `data`, `expires_at` AS `expiresAt`, `prune_after` AS `pruneAfter`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `version` AS `version`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `id` IN (?, ?) AND `expires_at` > ?;

-- insert for 2 (id.0, data.0, expiresAt.0, pruneAfter.0, createdAt.0, lastSeenAt.0, version.0, userId.0, handle.0, ipAddress.0, userAgent.0, id.1, data.1, expiresAt.1, pruneAfter.1, createdAt.1, lastSeenAt.1, version.1, userId.1, handle.1, ipAddress.1, userAgent.1)
INSERT INTO `sessions` (`id`, `data`, `expires_at`, `prune_after`, `created_at`, `last_seen_at`, `version`, `user_id`, `handle`, `ip_address`, `user_agent`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- upsert for 2 (id.0, data.0, expiresAt.0, pruneAfter.0, createdAt.0, lastSeenAt.0, version.0, userId.0, handle.0, ipAddress.0, userAgent.0, id.1, data.1, expiresAt.1, pruneAfter.1, createdAt.1, lastSeenAt.1, version.1, userId.1, handle.1, ipAddress.1, userAgent.1)
INSERT INTO `sessions` (`id`, `data`, `expires_at`, `prune_after`, `created_at`, `last_seen_at`, `version`, `user_id`, `handle`, `ip_address`, `user_agent`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `data` = IF(CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(VALUES(`id`) USING utf8mb4) AS BINARY), VALUES(`data`), (SELECT 1 UNION SELECT 2)), `expires_at` = VALUES(`expires_at`), `prune_after` = VALUES(`prune_after`), `last_seen_at` = VALUES(`last_seen_at`), `user_id` = VALUES(`user_id`), `version` = `version` + 1;

-- update for 2 (id.0, id.1, id.1, id.1, version.1, id.0, version.0, id.0, id.1, id.1, id.1, version.1, id.0, version.0, id.1, data.1, data.0, id.1, expiresAt.1, expiresAt.0, id.1, pruneAfter.1, pruneAfter.0, id.1, lastSeenAt.1, lastSeenAt.0, id.1, userId.1, userId.0, count)
UPDATE (SELECT COUNT(*) AS rows_expected FROM `sessions` WHERE `id` IN (?, ?) AND `version` = CASE WHEN `id` >= ? THEN CASE `id` WHEN ? THEN ? END ELSE CASE `id` WHEN ? THEN ? END END FOR UPDATE SKIP LOCKED) c STRAIGHT_JOIN (SELECT `id` AS unlocked FROM `sessions` WHERE `id` IN (?, ?) AND `version` = CASE WHEN `id` >= ? THEN CASE `id` WHEN ? THEN ? END ELSE CASE `id` WHEN ? THEN ? END END LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` SET `data` = CASE WHEN `id` >= ? THEN ? ELSE ? END, `expires_at` = CASE WHEN `id` >= ? THEN ? ELSE ? END, `prune_after` = CASE WHEN `id` >= ? THEN ? ELSE ? END, `last_seen_at` = CASE WHEN `id` >= ? THEN ? ELSE ? END, `user_id` = CASE WHEN `id` >= ? THEN ? ELSE ? END, `version` = `version` + 1 WHERE c.rows_expected = ? AND `id` = l.unlocked;

-- touch for 2 (id.0, id.1, now, id.1, id.1, unseenSince.1, id.0, unseenSince.0, id.1, expiresAt.1, expiresAt.0, id.1, pruneAfter.1, pruneAfter.0, id.1, lastSeenAt.1, lastSeenAt.0)
UPDATE (SELECT `id` AS unlocked FROM `sessions` WHERE `id` IN (?, ?) AND `expires_at` > ? AND `last_seen_at` <= CASE WHEN `id` >= ? THEN CASE `id` WHEN ? THEN ? END ELSE CASE `id` WHEN ? THEN ? END END LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` SET `expires_at` = GREATEST(`expires_at`, CASE WHEN `id` >= ? THEN ? ELSE ? END), `prune_after` = GREATEST(`prune_after`, IFNULL(CASE WHEN `id` >= ? THEN ? ELSE ? END, `prune_after`)), `last_seen_at` = GREATEST(`last_seen_at`, CASE WHEN `id` >= ? THEN ? ELSE ? END) WHERE `id` = l.unlocked;

-- touchInHour for 2 (id.0, id.1, now, id.1, id.1, unseenSince.1, id.0, unseenSince.0, id.1, expiresAt.1, expiresAt.0, id.1, lastSeenAt.1, lastSeenAt.0)
UPDATE (SELECT `id` AS unlocked FROM `sessions` WHERE `id` IN (?, ?) AND `expires_at` > ? AND `last_seen_at` <= CASE WHEN `id` >= ? THEN CASE `id` WHEN ? THEN ? END ELSE CASE `id` WHEN ? THEN ? END END LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` SET `expires_at` = GREATEST(`expires_at`, CASE WHEN `id` >= ? THEN ? ELSE ? END), `last_seen_at` = GREATEST(`last_seen_at`, CASE WHEN `id` >= ? THEN ? ELSE ? END) WHERE `id` = l.unlocked;

-- remove for 2 (id.0, id.1, id.0, id.1, count)
DELETE s FROM (SELECT COUNT(*) AS rows_expected FROM `sessions` WHERE `id` IN (?, ?) FOR UPDATE SKIP LOCKED) c STRAIGHT_JOIN (SELECT `id` AS unlocked FROM `sessions` WHERE `id` IN (?, ?) LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` s WHERE c.rows_expected = ? AND `id` = l.unlocked;

-- versions for 2 (id.0, id.1)
SELECT `id` AS `id`, `version` AS `version` FROM `sessions` `s` WHERE `id` IN (?, ?);

-- unlocked for 2 (id.0, id.1)
SELECT `id` AS `id`, `version` AS `version` FROM `sessions` `s` WHERE `id` IN (?, ?) FOR UPDATE SKIP LOCKED;

-- addresses (userId, userId, userAgent, userAgent)
SELECT DISTINCT `user_id` AS `userId`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `user_id` = ? AND CAST(CONVERT(`user_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `user_agent` = ? AND CAST(CONVERT(`user_agent` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY);

-- addresses but of one row (userId, userId, id, id)
SELECT DISTINCT `user_id` AS `userId`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `user_id` = ? AND CAST(CONVERT(`user_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `user_agent` IS NULL AND NOT (`id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY));

-- page (now)
SELECT `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `expires_at` > ? ORDER BY `handle` DESC LIMIT 50;

-- page after (after, now)
SELECT `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `handle` < ? AND `expires_at` > ? ORDER BY `handle` DESC LIMIT 50;

-- page of a user (userId, userId, now)
SELECT `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `user_id` = ? AND CAST(CONVERT(`user_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expires_at` > ? ORDER BY `handle` DESC LIMIT 50;

-- page of a user after (userId, userId, after, now)
SELECT `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `user_id` = ? AND CAST(CONVERT(`user_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `handle` < ? AND `expires_at` > ? ORDER BY `handle` DESC LIMIT 50;

-- page of a handle (handle, now)
SELECT `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `handle` = ? AND `expires_at` > ? ORDER BY `handle` DESC LIMIT 50;

-- locate (no parameters)
SELECT `id` AS `id`, `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `user_id` AS `userId`, `handle` AS `handle` FROM `sessions` `s` WHERE 1 = 1 ORDER BY `handle` ASC LIMIT 50;

-- locate those of a user (userId, userId)
SELECT `id` AS `id`, `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `user_id` AS `userId`, `handle` AS `handle` FROM `sessions` `s` WHERE `user_id` = ? AND CAST(CONVERT(`user_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) ORDER BY `handle` ASC LIMIT 50;

-- locate that of a handle (handle)
SELECT `id` AS `id`, `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `user_id` AS `userId`, `handle` AS `handle` FROM `sessions` `s` WHERE `handle` = ? ORDER BY `handle` ASC LIMIT 50;

-- locate older ones after (createdUntil, after)
SELECT `id` AS `id`, `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `user_id` AS `userId`, `handle` AS `handle` FROM `sessions` `s` WHERE `created_at` <= ? AND `handle` > ? ORDER BY `handle` ASC LIMIT 50;

-- scan (now)
SELECT `id` AS `id`, `data` AS `data`, `expires_at` AS `expiresAt`, `prune_after` AS `pruneAfter`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `version` AS `version`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `expires_at` > ? ORDER BY `id` ASC LIMIT 50;

-- scan after (after, now)
SELECT `id` AS `id`, `data` AS `data`, `expires_at` AS `expiresAt`, `prune_after` AS `pruneAfter`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `version` AS `version`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `id` > ? AND `expires_at` > ? ORDER BY `id` ASC LIMIT 50;

-- ids (no parameters)
SELECT `id` AS `id` FROM `sessions` `s` LIMIT 50;

-- ids in order (no parameters)
SELECT `id` AS `id` FROM `sessions` `s` WHERE 1 = 1 ORDER BY `id` ASC LIMIT 50;

-- ids in order after (after)
SELECT `id` AS `id` FROM `sessions` `s` WHERE `id` > ? ORDER BY `id` ASC LIMIT 50;

-- expired (pruneHour, now)
SELECT `id` AS `id` FROM `sessions` `s` WHERE `prune_after` <= ? AND `expires_at` <= ? ORDER BY `prune_after` ASC LIMIT 50;

-- find, with renewal (id, id, now)
SELECT `id` AS `id`, `data` AS `data`, `expires_at` AS `expiresAt`, `prune_after` AS `pruneAfter`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `version` AS `version`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent`, `previous_id` AS `previousId`, `previous_until` AS `previousUntil` FROM `sessions` `s` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expires_at` > ?;

-- findPrevious, with renewal (previousId, previousId, previousUntil, now)
SELECT `id` AS `id`, `data` AS `data`, `expires_at` AS `expiresAt`, `prune_after` AS `pruneAfter`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `version` AS `version`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent`, `previous_id` AS `previousId`, `previous_until` AS `previousUntil` FROM `sessions` `s` WHERE `previous_id` = ? AND CAST(CONVERT(`previous_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `previous_until` > ? AND `expires_at` > ?;

-- insert, with renewal (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent, previousId, previousUntil)
INSERT INTO `sessions`(`id`, `data`, `expires_at`, `prune_after`, `created_at`, `last_seen_at`, `version`, `user_id`, `handle`, `ip_address`, `user_agent`, `previous_id`, `previous_until`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- changeId, with renewal (id, id, newId, previousId, previousUntil)
UPDATE (SELECT `id` AS unlocked FROM `sessions` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) LIMIT 64 FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` SET `id` = ?, `previous_id` = ?, `previous_until` = ? WHERE `id` = l.unlocked;


-- ---- mariadb ----

-- find (id, id, now)
SELECT `id` AS `id`, `data` AS `data`, `expires_at` AS `expiresAt`, `prune_after` AS `pruneAfter`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `version` AS `version`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expires_at` > ?;

-- findId (id, id)
SELECT `id` AS `id`, `version` AS `version` FROM `sessions` `s` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY);

-- insert (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent)
SET STATEMENT innodb_lock_wait_timeout=0 FOR INSERT INTO `sessions`(`id`, `data`, `expires_at`, `prune_after`, `created_at`, `last_seen_at`, `version`, `user_id`, `handle`, `ip_address`, `user_agent`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- update (data, expiresAt, pruneAfter, lastSeenAt, userId, id, id, version)
SET STATEMENT innodb_lock_wait_timeout=0 FOR UPDATE `sessions` SET `data` = ?, `expires_at` = ?, `prune_after` = ?, `last_seen_at` = ?, `version` = `version` + 1, `user_id` = ? WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `version` = ?;

-- overwrite (data, expiresAt, pruneAfter, lastSeenAt, userId, id, id)
SET STATEMENT innodb_lock_wait_timeout=0 FOR UPDATE `sessions` SET `data` = ?, `expires_at` = ?, `prune_after` = ?, `last_seen_at` = ?, `version` = `version` + 1, `user_id` = ? WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND 1 = 1;

-- upsert (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent)
SET STATEMENT innodb_lock_wait_timeout=0 FOR INSERT INTO `sessions`(`id`, `data`, `expires_at`, `prune_after`, `created_at`, `last_seen_at`, `version`, `user_id`, `handle`, `ip_address`, `user_agent`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `data` = IF(CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(VALUES(`id`) USING utf8mb4) AS BINARY), VALUES(`data`), (SELECT 1 UNION SELECT 2)), `expires_at` = VALUES(`expires_at`), `prune_after` = VALUES(`prune_after`), `last_seen_at` = VALUES(`last_seen_at`), `user_id` = VALUES(`user_id`), `version` = `version` + 1;

-- touch (expiresAt, expiresAt, pruneAfter, pruneAfter, lastSeenAt, lastSeenAt, id, id, now, unseenSince)
SET STATEMENT innodb_lock_wait_timeout=0 FOR UPDATE `sessions` SET `expires_at` = CASE WHEN `expires_at` < ? THEN ? ELSE `expires_at` END, `prune_after` = CASE WHEN `prune_after` < ? THEN ? ELSE `prune_after` END, `last_seen_at` = CASE WHEN `last_seen_at` < ? THEN ? ELSE `last_seen_at` END WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expires_at` > ? AND `last_seen_at` <= ?;

-- touchInHour (expiresAt, expiresAt, lastSeenAt, lastSeenAt, id, id, now, unseenSince)
SET STATEMENT innodb_lock_wait_timeout=0 FOR UPDATE `sessions` SET `expires_at` = CASE WHEN `expires_at` < ? THEN ? ELSE `expires_at` END, `last_seen_at` = CASE WHEN `last_seen_at` < ? THEN ? ELSE `last_seen_at` END WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expires_at` > ? AND `last_seen_at` <= ?;

-- changeId (newId, id, id)
SET STATEMENT innodb_lock_wait_timeout=0 FOR UPDATE `sessions` SET `id` = ? WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY);

-- adoptId (newId, createdAt, lastSeenAt, userId, handle, id, id)
SET STATEMENT innodb_lock_wait_timeout=0 FOR UPDATE `sessions` SET `id` = ?, `created_at` = COALESCE(`created_at`, ?), `last_seen_at` = COALESCE(`last_seen_at`, ?), `user_id` = ?, `handle` = COALESCE(`handle`, ?) WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY);

-- setClient (ipAddress, userAgent, id, id)
SET STATEMENT innodb_lock_wait_timeout=0 FOR UPDATE `sessions` SET `ip_address` = ?, `user_agent` = ? WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY);

-- remove (id, id)
SET STATEMENT innodb_lock_wait_timeout=0 FOR DELETE FROM `sessions` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY);

-- removeHandle (handle)
SET STATEMENT innodb_lock_wait_timeout=0 FOR DELETE FROM `sessions` WHERE `handle` = ?;

-- clear (no parameters)
DELETE FROM `sessions`;

-- clearUnlocked (limit)
DELETE s FROM (SELECT `id` AS unlocked FROM `sessions` WHERE 1 = 1 LIMIT ? FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` s ON s.`id` = l.unlocked;

-- count (now)
SELECT COUNT(*) AS `count` FROM `sessions` `s` WHERE `expires_at` > ?;

-- idsOfUser (userId, userId, now)
SELECT `user_id` AS `userId` FROM `sessions` `s` WHERE `user_id` = ? AND CAST(CONVERT(`user_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expires_at` > ?;

-- prune (pruneHour, now, limit)
DELETE s FROM (SELECT `id` AS unlocked FROM `sessions` WHERE `prune_after` <= ? AND `expires_at` <= ? ORDER BY `prune_after` LIMIT ? FOR UPDATE SKIP LOCKED) l STRAIGHT_JOIN `sessions` s ON s.`id` = l.unlocked;

-- find for 2 (id.0, id.1, now)
SELECT `id` AS `id`, `data` AS `data`, `expires_at` AS `expiresAt`, `prune_after` AS `pruneAfter`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `version` AS `version`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `id` IN (?, ?) AND `expires_at` > ?;

-- insert for 2 (id.0, data.0, expiresAt.0, pruneAfter.0, createdAt.0, lastSeenAt.0, version.0, userId.0, handle.0, ipAddress.0, userAgent.0, id.1, data.1, expiresAt.1, pruneAfter.1, createdAt.1, lastSeenAt.1, version.1, userId.1, handle.1, ipAddress.1, userAgent.1)
SET STATEMENT innodb_lock_wait_timeout=0 FOR INSERT INTO `sessions` (`id`, `data`, `expires_at`, `prune_after`, `created_at`, `last_seen_at`, `version`, `user_id`, `handle`, `ip_address`, `user_agent`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- upsert for 2 (id.0, data.0, expiresAt.0, pruneAfter.0, createdAt.0, lastSeenAt.0, version.0, userId.0, handle.0, ipAddress.0, userAgent.0, id.1, data.1, expiresAt.1, pruneAfter.1, createdAt.1, lastSeenAt.1, version.1, userId.1, handle.1, ipAddress.1, userAgent.1)
SET STATEMENT innodb_lock_wait_timeout=0 FOR INSERT INTO `sessions` (`id`, `data`, `expires_at`, `prune_after`, `created_at`, `last_seen_at`, `version`, `user_id`, `handle`, `ip_address`, `user_agent`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE `data` = IF(CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(VALUES(`id`) USING utf8mb4) AS BINARY), VALUES(`data`), (SELECT 1 UNION SELECT 2)), `expires_at` = VALUES(`expires_at`), `prune_after` = VALUES(`prune_after`), `last_seen_at` = VALUES(`last_seen_at`), `user_id` = VALUES(`user_id`), `version` = `version` + 1;

-- update for 2 (id.1, data.1, data.0, id.1, expiresAt.1, expiresAt.0, id.1, pruneAfter.1, pruneAfter.0, id.1, lastSeenAt.1, lastSeenAt.0, id.1, userId.1, userId.0, id.0, id.1, id.0, id.1, id.1, id.1, version.1, id.0, version.0, count)
SET STATEMENT innodb_lock_wait_timeout=0 FOR UPDATE `sessions` SET `data` = CASE WHEN `id` >= ? THEN ? ELSE ? END, `expires_at` = CASE WHEN `id` >= ? THEN ? ELSE ? END, `prune_after` = CASE WHEN `id` >= ? THEN ? ELSE ? END, `last_seen_at` = CASE WHEN `id` >= ? THEN ? ELSE ? END, `user_id` = CASE WHEN `id` >= ? THEN ? ELSE ? END, `version` = `version` + 1 WHERE `id` IN (?, ?) AND (SELECT c.n FROM (SELECT COUNT(*) AS n FROM `sessions` WHERE `id` IN (?, ?) AND `version` = CASE WHEN `id` >= ? THEN CASE `id` WHEN ? THEN ? END ELSE CASE `id` WHEN ? THEN ? END END FOR UPDATE) c) = ?;

-- touch for 2 (id.1, expiresAt.1, expiresAt.0, id.1, pruneAfter.1, pruneAfter.0, id.1, lastSeenAt.1, lastSeenAt.0, id.0, id.1, now, id.1, id.1, unseenSince.1, id.0, unseenSince.0)
SET STATEMENT innodb_lock_wait_timeout=0 FOR UPDATE `sessions` SET `expires_at` = GREATEST(`expires_at`, CASE WHEN `id` >= ? THEN ? ELSE ? END), `prune_after` = GREATEST(`prune_after`, IFNULL(CASE WHEN `id` >= ? THEN ? ELSE ? END, `prune_after`)), `last_seen_at` = GREATEST(`last_seen_at`, CASE WHEN `id` >= ? THEN ? ELSE ? END) WHERE `id` IN (?, ?) AND `expires_at` > ? AND `last_seen_at` <= CASE WHEN `id` >= ? THEN CASE `id` WHEN ? THEN ? END ELSE CASE `id` WHEN ? THEN ? END END;

-- touchInHour for 2 (id.1, expiresAt.1, expiresAt.0, id.1, lastSeenAt.1, lastSeenAt.0, id.0, id.1, now, id.1, id.1, unseenSince.1, id.0, unseenSince.0)
SET STATEMENT innodb_lock_wait_timeout=0 FOR UPDATE `sessions` SET `expires_at` = GREATEST(`expires_at`, CASE WHEN `id` >= ? THEN ? ELSE ? END), `last_seen_at` = GREATEST(`last_seen_at`, CASE WHEN `id` >= ? THEN ? ELSE ? END) WHERE `id` IN (?, ?) AND `expires_at` > ? AND `last_seen_at` <= CASE WHEN `id` >= ? THEN CASE `id` WHEN ? THEN ? END ELSE CASE `id` WHEN ? THEN ? END END;

-- remove for 2 (id.0, id.1)
SET STATEMENT innodb_lock_wait_timeout=0 FOR DELETE FROM `sessions` WHERE `id` IN (?, ?) RETURNING `id` AS id;

-- versions for 2 (id.0, id.1)
SELECT `id` AS `id`, `version` AS `version` FROM `sessions` `s` WHERE `id` IN (?, ?);

-- unlocked for 2 (id.0, id.1)
SELECT `id` AS `id`, `version` AS `version` FROM `sessions` `s` WHERE `id` IN (?, ?) FOR UPDATE SKIP LOCKED;

-- addresses (userId, userId, userAgent, userAgent)
SELECT DISTINCT `user_id` AS `userId`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `user_id` = ? AND CAST(CONVERT(`user_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `user_agent` = ? AND CAST(CONVERT(`user_agent` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY);

-- addresses but of one row (userId, userId, id, id)
SELECT DISTINCT `user_id` AS `userId`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `user_id` = ? AND CAST(CONVERT(`user_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `user_agent` IS NULL AND NOT (`id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY));

-- page (now)
SELECT `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `expires_at` > ? ORDER BY `handle` DESC LIMIT 50;

-- page after (after, now)
SELECT `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `handle` < ? AND `expires_at` > ? ORDER BY `handle` DESC LIMIT 50;

-- page of a user (userId, userId, now)
SELECT `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `user_id` = ? AND CAST(CONVERT(`user_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expires_at` > ? ORDER BY `handle` DESC LIMIT 50;

-- page of a user after (userId, userId, after, now)
SELECT `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `user_id` = ? AND CAST(CONVERT(`user_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `handle` < ? AND `expires_at` > ? ORDER BY `handle` DESC LIMIT 50;

-- page of a handle (handle, now)
SELECT `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `handle` = ? AND `expires_at` > ? ORDER BY `handle` DESC LIMIT 50;

-- locate (no parameters)
SELECT `id` AS `id`, `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `user_id` AS `userId`, `handle` AS `handle` FROM `sessions` `s` WHERE 1 = 1 ORDER BY `handle` ASC LIMIT 50;

-- locate those of a user (userId, userId)
SELECT `id` AS `id`, `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `user_id` AS `userId`, `handle` AS `handle` FROM `sessions` `s` WHERE `user_id` = ? AND CAST(CONVERT(`user_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) ORDER BY `handle` ASC LIMIT 50;

-- locate that of a handle (handle)
SELECT `id` AS `id`, `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `user_id` AS `userId`, `handle` AS `handle` FROM `sessions` `s` WHERE `handle` = ? ORDER BY `handle` ASC LIMIT 50;

-- locate older ones after (createdUntil, after)
SELECT `id` AS `id`, `expires_at` AS `expiresAt`, `created_at` AS `createdAt`, `user_id` AS `userId`, `handle` AS `handle` FROM `sessions` `s` WHERE `created_at` <= ? AND `handle` > ? ORDER BY `handle` ASC LIMIT 50;

-- scan (now)
SELECT `id` AS `id`, `data` AS `data`, `expires_at` AS `expiresAt`, `prune_after` AS `pruneAfter`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `version` AS `version`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `expires_at` > ? ORDER BY `id` ASC LIMIT 50;

-- scan after (after, now)
SELECT `id` AS `id`, `data` AS `data`, `expires_at` AS `expiresAt`, `prune_after` AS `pruneAfter`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `version` AS `version`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent` FROM `sessions` `s` WHERE `id` > ? AND `expires_at` > ? ORDER BY `id` ASC LIMIT 50;

-- ids (no parameters)
SELECT `id` AS `id` FROM `sessions` `s` LIMIT 50;

-- ids in order (no parameters)
SELECT `id` AS `id` FROM `sessions` `s` WHERE 1 = 1 ORDER BY `id` ASC LIMIT 50;

-- ids in order after (after)
SELECT `id` AS `id` FROM `sessions` `s` WHERE `id` > ? ORDER BY `id` ASC LIMIT 50;

-- expired (pruneHour, now)
SELECT `id` AS `id` FROM `sessions` `s` WHERE `prune_after` <= ? AND `expires_at` <= ? ORDER BY `prune_after` ASC LIMIT 50;

-- find, with renewal (id, id, now)
SELECT `id` AS `id`, `data` AS `data`, `expires_at` AS `expiresAt`, `prune_after` AS `pruneAfter`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `version` AS `version`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent`, `previous_id` AS `previousId`, `previous_until` AS `previousUntil` FROM `sessions` `s` WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `expires_at` > ?;

-- findPrevious, with renewal (previousId, previousId, previousUntil, now)
SELECT `id` AS `id`, `data` AS `data`, `expires_at` AS `expiresAt`, `prune_after` AS `pruneAfter`, `created_at` AS `createdAt`, `last_seen_at` AS `lastSeenAt`, `version` AS `version`, `user_id` AS `userId`, `handle` AS `handle`, `ip_address` AS `ipAddress`, `user_agent` AS `userAgent`, `previous_id` AS `previousId`, `previous_until` AS `previousUntil` FROM `sessions` `s` WHERE `previous_id` = ? AND CAST(CONVERT(`previous_id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY) AND `previous_until` > ? AND `expires_at` > ?;

-- insert, with renewal (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent, previousId, previousUntil)
SET STATEMENT innodb_lock_wait_timeout=0 FOR INSERT INTO `sessions`(`id`, `data`, `expires_at`, `prune_after`, `created_at`, `last_seen_at`, `version`, `user_id`, `handle`, `ip_address`, `user_agent`, `previous_id`, `previous_until`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- changeId, with renewal (newId, previousId, previousUntil, id, id)
SET STATEMENT innodb_lock_wait_timeout=0 FOR UPDATE `sessions` SET `id` = ?, `previous_id` = ?, `previous_until` = ? WHERE `id` = ? AND CAST(CONVERT(`id` USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY);


-- ---- sqlite ----

-- find (id, id, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "id" = ? AND "id" = ? COLLATE BINARY AND "expires_at" > ?;

-- findId (id, id)
SELECT "id" AS "id", "version" AS "version" FROM "sessions" "s" WHERE "id" = ? AND "id" = ? COLLATE BINARY;

-- insert (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent)
INSERT INTO "sessions"("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- update (data, expiresAt, pruneAfter, lastSeenAt, userId, id, id, version)
UPDATE "sessions" SET "data" = ?, "expires_at" = ?, "prune_after" = ?, "last_seen_at" = ?, "version" = "version" + 1, "user_id" = ? WHERE "id" = ? AND "id" = ? COLLATE BINARY AND "version" = ?;

-- updateInPlace (data, expiresAt, lastSeenAt, id, id, version)
UPDATE "sessions" SET "data" = ?, "expires_at" = ?, "last_seen_at" = ?, "version" = "version" + 1 WHERE "id" = ? AND "id" = ? COLLATE BINARY AND "version" = ?;

-- overwrite (data, expiresAt, pruneAfter, lastSeenAt, userId, id, id)
UPDATE "sessions" SET "data" = ?, "expires_at" = ?, "prune_after" = ?, "last_seen_at" = ?, "version" = "version" + 1, "user_id" = ? WHERE "id" = ? AND "id" = ? COLLATE BINARY AND 1 = 1;

-- upsert (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent)
INSERT INTO "sessions"("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("id") DO UPDATE SET "data" = EXCLUDED."data", "expires_at" = EXCLUDED."expires_at", "prune_after" = EXCLUDED."prune_after", "last_seen_at" = EXCLUDED."last_seen_at", "user_id" = EXCLUDED."user_id", "version" = "sessions"."version" + 1 WHERE "sessions"."id" = EXCLUDED."id" AND "sessions"."id" = EXCLUDED."id" COLLATE BINARY;

-- touch (expiresAt, expiresAt, pruneAfter, pruneAfter, lastSeenAt, lastSeenAt, id, id, now, unseenSince)
UPDATE "sessions" SET "expires_at" = CASE WHEN "expires_at" < ? THEN ? ELSE "expires_at" END, "prune_after" = CASE WHEN "prune_after" < ? THEN ? ELSE "prune_after" END, "last_seen_at" = CASE WHEN "last_seen_at" < ? THEN ? ELSE "last_seen_at" END WHERE "id" = ? AND "id" = ? COLLATE BINARY AND "expires_at" > ? AND "last_seen_at" <= ?;

-- touchInHour (expiresAt, expiresAt, lastSeenAt, lastSeenAt, id, id, now, unseenSince)
UPDATE "sessions" SET "expires_at" = CASE WHEN "expires_at" < ? THEN ? ELSE "expires_at" END, "last_seen_at" = CASE WHEN "last_seen_at" < ? THEN ? ELSE "last_seen_at" END WHERE "id" = ? AND "id" = ? COLLATE BINARY AND "expires_at" > ? AND "last_seen_at" <= ?;

-- changeId (newId, id, id)
UPDATE "sessions" SET "id" = ? WHERE "id" = ? AND "id" = ? COLLATE BINARY;

-- adoptId (newId, createdAt, lastSeenAt, userId, handle, id, id)
UPDATE "sessions" SET "id" = ?, "created_at" = COALESCE("created_at", ?), "last_seen_at" = COALESCE("last_seen_at", ?), "user_id" = ?, "handle" = COALESCE("handle", ?) WHERE "id" = ? AND "id" = ? COLLATE BINARY;

-- setClient (ipAddress, userAgent, id, id)
UPDATE "sessions" SET "ip_address" = ?, "user_agent" = ? WHERE "id" = ? AND "id" = ? COLLATE BINARY;

-- remove (id, id)
DELETE FROM "sessions" WHERE "id" = ? AND "id" = ? COLLATE BINARY;

-- removeHandle (handle)
DELETE FROM "sessions" WHERE "handle" = ?;

-- clear (no parameters)
DELETE FROM "sessions";

-- count (now)
SELECT COUNT(*) AS "count" FROM "sessions" "s" WHERE "expires_at" > ?;

-- idsOfUser (userId, userId, now)
SELECT "user_id" AS "userId" FROM "sessions" "s" WHERE "user_id" = ? AND "user_id" = ? COLLATE BINARY AND "expires_at" > ?;

-- prune (pruneHour, now, limit)
DELETE FROM "sessions" WHERE "id" IN (SELECT "id" FROM "sessions" WHERE "prune_after" <= ? AND "expires_at" <= ? ORDER BY "prune_after" LIMIT ?);

-- insertWithin (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent, userId, userId, id, id, now, count)
INSERT INTO "sessions"("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent") SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT COUNT(*) FROM "sessions" WHERE "user_id" = ? AND "user_id" = ? COLLATE BINARY AND NOT ("id" = ? AND "id" = ? COLLATE BINARY) AND "expires_at" > ?) < ?;

-- updateWithin (data, expiresAt, pruneAfter, lastSeenAt, userId, id, id, version, userId, userId, id, id, now, count)
UPDATE "sessions" SET "data" = ?, "expires_at" = ?, "prune_after" = ?, "last_seen_at" = ?, "version" = "version" + 1, "user_id" = ? WHERE "id" = ? AND "id" = ? COLLATE BINARY AND "version" = ? AND (SELECT COUNT(*) FROM "sessions" WHERE "user_id" = ? AND "user_id" = ? COLLATE BINARY AND NOT ("id" = ? AND "id" = ? COLLATE BINARY) AND "expires_at" > ?) < ?;

-- overwriteWithin (data, expiresAt, pruneAfter, lastSeenAt, userId, id, id, userId, userId, id, id, now, count)
UPDATE "sessions" SET "data" = ?, "expires_at" = ?, "prune_after" = ?, "last_seen_at" = ?, "version" = "version" + 1, "user_id" = ? WHERE "id" = ? AND "id" = ? COLLATE BINARY AND 1 = 1 AND (SELECT COUNT(*) FROM "sessions" WHERE "user_id" = ? AND "user_id" = ? COLLATE BINARY AND NOT ("id" = ? AND "id" = ? COLLATE BINARY) AND "expires_at" > ?) < ?;

-- find for 2 (id.0, id.1, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "id" IN (?, ?) AND "expires_at" > ?;

-- insert for 2 (id.0, data.0, expiresAt.0, pruneAfter.0, createdAt.0, lastSeenAt.0, version.0, userId.0, handle.0, ipAddress.0, userAgent.0, id.1, data.1, expiresAt.1, pruneAfter.1, createdAt.1, lastSeenAt.1, version.1, userId.1, handle.1, ipAddress.1, userAgent.1)
WITH v(v_id, v_data, v_expiresAt, v_pruneAfter, v_createdAt, v_lastSeenAt, v_version, v_userId, v_handle, v_ipAddress, v_userAgent) AS (VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)) INSERT INTO "sessions" ("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent") SELECT v_id, v_data, v_expiresAt, v_pruneAfter, v_createdAt, v_lastSeenAt, v_version, v_userId, v_handle, v_ipAddress, v_userAgent FROM v WHERE v_id IS NOT NULL;

-- upsert for 2 (id.0, data.0, expiresAt.0, pruneAfter.0, createdAt.0, lastSeenAt.0, version.0, userId.0, handle.0, ipAddress.0, userAgent.0, id.1, data.1, expiresAt.1, pruneAfter.1, createdAt.1, lastSeenAt.1, version.1, userId.1, handle.1, ipAddress.1, userAgent.1)
WITH v(v_id, v_data, v_expiresAt, v_pruneAfter, v_createdAt, v_lastSeenAt, v_version, v_userId, v_handle, v_ipAddress, v_userAgent) AS (VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)) INSERT INTO "sessions" ("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent") SELECT v_id, v_data, v_expiresAt, v_pruneAfter, v_createdAt, v_lastSeenAt, v_version, v_userId, v_handle, v_ipAddress, v_userAgent FROM v WHERE v_id IS NOT NULL ON CONFLICT ("id") DO UPDATE SET "data" = EXCLUDED."data", "expires_at" = EXCLUDED."expires_at", "prune_after" = EXCLUDED."prune_after", "last_seen_at" = EXCLUDED."last_seen_at", "user_id" = EXCLUDED."user_id", "version" = "sessions"."version" + 1 WHERE "sessions"."id" = EXCLUDED."id" AND "sessions"."id" = EXCLUDED."id" COLLATE BINARY RETURNING "id" AS id;

-- update for 2 (id.0, data.0, expiresAt.0, pruneAfter.0, lastSeenAt.0, version.0, userId.0, id.1, data.1, expiresAt.1, pruneAfter.1, lastSeenAt.1, version.1, userId.1)
WITH v(v_id, v_data, v_expiresAt, v_pruneAfter, v_lastSeenAt, v_version, v_userId) AS (VALUES (?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?)) UPDATE "sessions" AS s SET "data" = v.v_data, "expires_at" = v.v_expiresAt, "prune_after" = v.v_pruneAfter, "last_seen_at" = v.v_lastSeenAt, "user_id" = v.v_userId, "version" = s."version" + 1 FROM v WHERE s."id" = v.v_id AND "version" = v.v_version RETURNING "id" AS id;

-- updateInPlace for 2 (id.0, data.0, expiresAt.0, lastSeenAt.0, version.0, id.1, data.1, expiresAt.1, lastSeenAt.1, version.1)
WITH v(v_id, v_data, v_expiresAt, v_lastSeenAt, v_version) AS (VALUES (?, ?, ?, ?, ?), (?, ?, ?, ?, ?)) UPDATE "sessions" AS s SET "data" = v.v_data, "expires_at" = v.v_expiresAt, "last_seen_at" = v.v_lastSeenAt, "version" = s."version" + 1 FROM v WHERE s."id" = v.v_id AND "version" = v.v_version RETURNING "id" AS id;

-- touch for 2 (id.0, expiresAt.0, pruneAfter.0, lastSeenAt.0, unseenSince.0, id.1, expiresAt.1, pruneAfter.1, lastSeenAt.1, unseenSince.1, now)
WITH v(v_id, v_expiresAt, v_pruneAfter, v_lastSeenAt, v_unseenSince) AS (VALUES (?, ?, ?, ?, ?), (?, ?, ?, ?, ?)) UPDATE "sessions" AS s SET "expires_at" = CASE WHEN s."expires_at" < v.v_expiresAt THEN v.v_expiresAt ELSE s."expires_at" END, "prune_after" = CASE WHEN s."prune_after" < v.v_pruneAfter THEN v.v_pruneAfter ELSE s."prune_after" END, "last_seen_at" = CASE WHEN s."last_seen_at" < v.v_lastSeenAt THEN v.v_lastSeenAt ELSE s."last_seen_at" END FROM v WHERE s."id" = v.v_id AND "expires_at" > ? AND "last_seen_at" <= v.v_unseenSince RETURNING "id" AS id;

-- touchInHour for 2 (id.0, expiresAt.0, lastSeenAt.0, unseenSince.0, id.1, expiresAt.1, lastSeenAt.1, unseenSince.1, now)
WITH v(v_id, v_expiresAt, v_lastSeenAt, v_unseenSince) AS (VALUES (?, ?, ?, ?), (?, ?, ?, ?)) UPDATE "sessions" AS s SET "expires_at" = CASE WHEN s."expires_at" < v.v_expiresAt THEN v.v_expiresAt ELSE s."expires_at" END, "last_seen_at" = CASE WHEN s."last_seen_at" < v.v_lastSeenAt THEN v.v_lastSeenAt ELSE s."last_seen_at" END FROM v WHERE s."id" = v.v_id AND "expires_at" > ? AND "last_seen_at" <= v.v_unseenSince RETURNING "id" AS id;

-- remove for 2 (id.0, id.1)
DELETE FROM "sessions" WHERE "id" IN (?, ?) RETURNING "id" AS id;

-- versions for 2 (id.0, id.1)
SELECT "id" AS "id", "version" AS "version" FROM "sessions" "s" WHERE "id" IN (?, ?);

-- addresses (userId, userId, userAgent, userAgent)
SELECT DISTINCT "user_id" AS "userId", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "user_id" = ? AND "user_id" = ? COLLATE BINARY AND "user_agent" = ? AND "user_agent" = ? COLLATE BINARY;

-- addresses but of one row (userId, userId, id, id)
SELECT DISTINCT "user_id" AS "userId", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "user_id" = ? AND "user_id" = ? COLLATE BINARY AND "user_agent" IS NULL AND NOT ("id" = ? AND "id" = ? COLLATE BINARY);

-- page (now)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "expires_at" > ? ORDER BY "handle" DESC LIMIT 50;

-- page after (after, now)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "handle" < ? AND "expires_at" > ? ORDER BY "handle" DESC LIMIT 50;

-- page of a user (userId, userId, now)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "user_id" = ? AND "user_id" = ? COLLATE BINARY AND "expires_at" > ? ORDER BY "handle" DESC LIMIT 50;

-- page of a user after (userId, userId, after, now)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "user_id" = ? AND "user_id" = ? COLLATE BINARY AND "handle" < ? AND "expires_at" > ? ORDER BY "handle" DESC LIMIT 50;

-- page of a handle (handle, now)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "handle" = ? AND "expires_at" > ? ORDER BY "handle" DESC LIMIT 50;

-- locate (no parameters)
SELECT "id" AS "id", "expires_at" AS "expiresAt", "created_at" AS "createdAt", "user_id" AS "userId", "handle" AS "handle" FROM "sessions" "s" WHERE 1 = 1 ORDER BY "handle" ASC LIMIT 50;

-- locate those of a user (userId, userId)
SELECT "id" AS "id", "expires_at" AS "expiresAt", "created_at" AS "createdAt", "user_id" AS "userId", "handle" AS "handle" FROM "sessions" "s" WHERE "user_id" = ? AND "user_id" = ? COLLATE BINARY ORDER BY "handle" ASC LIMIT 50;

-- locate that of a handle (handle)
SELECT "id" AS "id", "expires_at" AS "expiresAt", "created_at" AS "createdAt", "user_id" AS "userId", "handle" AS "handle" FROM "sessions" "s" WHERE "handle" = ? ORDER BY "handle" ASC LIMIT 50;

-- locate older ones after (createdUntil, after)
SELECT "id" AS "id", "expires_at" AS "expiresAt", "created_at" AS "createdAt", "user_id" AS "userId", "handle" AS "handle" FROM "sessions" "s" WHERE "created_at" <= ? AND "handle" > ? ORDER BY "handle" ASC LIMIT 50;

-- scan (now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "expires_at" > ? ORDER BY "id" ASC LIMIT 50;

-- scan after (after, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "id" > ? AND "expires_at" > ? ORDER BY "id" ASC LIMIT 50;

-- ids (no parameters)
SELECT "id" AS "id" FROM "sessions" "s" LIMIT 50;

-- ids in order (no parameters)
SELECT "id" AS "id" FROM "sessions" "s" WHERE 1 = 1 ORDER BY "id" ASC LIMIT 50;

-- ids in order after (after)
SELECT "id" AS "id" FROM "sessions" "s" WHERE "id" > ? ORDER BY "id" ASC LIMIT 50;

-- expired (pruneHour, now)
SELECT "id" AS "id" FROM "sessions" "s" WHERE "prune_after" <= ? AND "expires_at" <= ? ORDER BY "prune_after" ASC LIMIT 50;

-- find, with renewal (id, id, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent", "previous_id" AS "previousId", "previous_until" AS "previousUntil" FROM "sessions" "s" WHERE "id" = ? AND "id" = ? COLLATE BINARY AND "expires_at" > ?;

-- findPrevious, with renewal (previousId, previousId, previousUntil, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent", "previous_id" AS "previousId", "previous_until" AS "previousUntil" FROM "sessions" "s" WHERE "previous_id" = ? AND "previous_id" = ? COLLATE BINARY AND "previous_until" > ? AND "expires_at" > ?;

-- insert, with renewal (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent, previousId, previousUntil)
INSERT INTO "sessions"("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent", "previous_id", "previous_until") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- changeId, with renewal (newId, previousId, previousUntil, id, id)
UPDATE "sessions" SET "id" = ?, "previous_id" = ?, "previous_until" = ? WHERE "id" = ? AND "id" = ? COLLATE BINARY;


-- ---- standard, on SQLite ----

-- find (id, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "id" = ? AND "expires_at" > ?;

-- findId (id)
SELECT "id" AS "id", "version" AS "version" FROM "sessions" "s" WHERE "id" = ?;

-- insert (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent)
INSERT INTO "sessions"("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- update (data, expiresAt, pruneAfter, lastSeenAt, userId, id, version)
UPDATE "sessions" SET "data" = ?, "expires_at" = ?, "prune_after" = ?, "last_seen_at" = ?, "version" = "version" + 1, "user_id" = ? WHERE "id" = ? AND "version" = ?;

-- overwrite (data, expiresAt, pruneAfter, lastSeenAt, userId, id)
UPDATE "sessions" SET "data" = ?, "expires_at" = ?, "prune_after" = ?, "last_seen_at" = ?, "version" = "version" + 1, "user_id" = ? WHERE "id" = ? AND 1 = 1;

-- touch (expiresAt, expiresAt, pruneAfter, pruneAfter, lastSeenAt, lastSeenAt, id, now, unseenSince)
UPDATE "sessions" SET "expires_at" = CASE WHEN "expires_at" < ? THEN ? ELSE "expires_at" END, "prune_after" = CASE WHEN "prune_after" < ? THEN ? ELSE "prune_after" END, "last_seen_at" = CASE WHEN "last_seen_at" < ? THEN ? ELSE "last_seen_at" END WHERE "id" = ? AND "expires_at" > ? AND "last_seen_at" <= ?;

-- touchInHour (expiresAt, expiresAt, lastSeenAt, lastSeenAt, id, now, unseenSince)
UPDATE "sessions" SET "expires_at" = CASE WHEN "expires_at" < ? THEN ? ELSE "expires_at" END, "last_seen_at" = CASE WHEN "last_seen_at" < ? THEN ? ELSE "last_seen_at" END WHERE "id" = ? AND "expires_at" > ? AND "last_seen_at" <= ?;

-- changeId (newId, id)
UPDATE "sessions" SET "id" = ? WHERE "id" = ?;

-- adoptId (newId, createdAt, lastSeenAt, userId, handle, id)
UPDATE "sessions" SET "id" = ?, "created_at" = COALESCE("created_at", ?), "last_seen_at" = COALESCE("last_seen_at", ?), "user_id" = ?, "handle" = COALESCE("handle", ?) WHERE "id" = ?;

-- setClient (ipAddress, userAgent, id)
UPDATE "sessions" SET "ip_address" = ?, "user_agent" = ? WHERE "id" = ?;

-- remove (id)
DELETE FROM "sessions" WHERE "id" = ?;

-- removeHandle (handle)
DELETE FROM "sessions" WHERE "handle" = ?;

-- clear (no parameters)
DELETE FROM "sessions";

-- count (now)
SELECT COUNT(*) AS "count" FROM "sessions" "s" WHERE "expires_at" > ?;

-- idsOfUser (userId, now)
SELECT "user_id" AS "userId" FROM "sessions" "s" WHERE "user_id" = ? AND "expires_at" > ?;

-- addresses (userId, userAgent)
SELECT DISTINCT "user_id" AS "userId", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "user_id" = ? AND "user_agent" = ?;

-- addresses but of one row (userId, id)
SELECT DISTINCT "user_id" AS "userId", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "user_id" = ? AND "user_agent" IS NULL AND NOT ("id" = ?);

-- page (now)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "expires_at" > ? ORDER BY "handle" DESC LIMIT 50;

-- page after (after, now)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "handle" < ? AND "expires_at" > ? ORDER BY "handle" DESC LIMIT 50;

-- page of a user (userId, now)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "user_id" = ? AND "expires_at" > ? ORDER BY "handle" DESC LIMIT 50;

-- page of a user after (userId, after, now)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "user_id" = ? AND "handle" < ? AND "expires_at" > ? ORDER BY "handle" DESC LIMIT 50;

-- page of a handle (handle, now)
SELECT "expires_at" AS "expiresAt", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "handle" = ? AND "expires_at" > ? ORDER BY "handle" DESC LIMIT 50;

-- locate (no parameters)
SELECT "id" AS "id", "expires_at" AS "expiresAt", "created_at" AS "createdAt", "user_id" AS "userId", "handle" AS "handle" FROM "sessions" "s" WHERE 1 = 1 ORDER BY "handle" ASC LIMIT 50;

-- locate those of a user (userId)
SELECT "id" AS "id", "expires_at" AS "expiresAt", "created_at" AS "createdAt", "user_id" AS "userId", "handle" AS "handle" FROM "sessions" "s" WHERE "user_id" = ? ORDER BY "handle" ASC LIMIT 50;

-- locate that of a handle (handle)
SELECT "id" AS "id", "expires_at" AS "expiresAt", "created_at" AS "createdAt", "user_id" AS "userId", "handle" AS "handle" FROM "sessions" "s" WHERE "handle" = ? ORDER BY "handle" ASC LIMIT 50;

-- locate older ones after (createdUntil, after)
SELECT "id" AS "id", "expires_at" AS "expiresAt", "created_at" AS "createdAt", "user_id" AS "userId", "handle" AS "handle" FROM "sessions" "s" WHERE "created_at" <= ? AND "handle" > ? ORDER BY "handle" ASC LIMIT 50;

-- scan (now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "expires_at" > ? ORDER BY "id" ASC LIMIT 50;

-- scan after (after, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent" FROM "sessions" "s" WHERE "id" > ? AND "expires_at" > ? ORDER BY "id" ASC LIMIT 50;

-- ids (no parameters)
SELECT "id" AS "id" FROM "sessions" "s" LIMIT 50;

-- ids in order (no parameters)
SELECT "id" AS "id" FROM "sessions" "s" WHERE 1 = 1 ORDER BY "id" ASC LIMIT 50;

-- ids in order after (after)
SELECT "id" AS "id" FROM "sessions" "s" WHERE "id" > ? ORDER BY "id" ASC LIMIT 50;

-- expired (pruneHour, now)
SELECT "id" AS "id" FROM "sessions" "s" WHERE "prune_after" <= ? AND "expires_at" <= ? ORDER BY "prune_after" ASC LIMIT 50;

-- find, with renewal (id, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent", "previous_id" AS "previousId", "previous_until" AS "previousUntil" FROM "sessions" "s" WHERE "id" = ? AND "expires_at" > ?;

-- findPrevious, with renewal (previousId, previousUntil, now)
SELECT "id" AS "id", "data" AS "data", "expires_at" AS "expiresAt", "prune_after" AS "pruneAfter", "created_at" AS "createdAt", "last_seen_at" AS "lastSeenAt", "version" AS "version", "user_id" AS "userId", "handle" AS "handle", "ip_address" AS "ipAddress", "user_agent" AS "userAgent", "previous_id" AS "previousId", "previous_until" AS "previousUntil" FROM "sessions" "s" WHERE "previous_id" = ? AND "previous_until" > ? AND "expires_at" > ?;

-- insert, with renewal (id, data, expiresAt, pruneAfter, createdAt, lastSeenAt, version, userId, handle, ipAddress, userAgent, previousId, previousUntil)
INSERT INTO "sessions"("id", "data", "expires_at", "prune_after", "created_at", "last_seen_at", "version", "user_id", "handle", "ip_address", "user_agent", "previous_id", "previous_until") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- changeId, with renewal (newId, previousId, previousUntil, id)
UPDATE "sessions" SET "id" = ?, "previous_id" = ?, "previous_until" = ? WHERE "id" = ?;
