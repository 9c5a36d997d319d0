-- How far ahead of the office a device's clock was, at each exchange.
SELECT replica, received_at, json_extract(samples, '$[#-1][3]') - received_at AS ahead_ms
FROM clock_sample
WHERE agency = ':agency'
