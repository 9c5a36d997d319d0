# Source it first of all: the test is run again in a network namespace of its own
# where one with a TUN device can be made; else its link is a relay of bytes.
if [ -z "${SATCHEL_LINK-}" ]; then
	export SATCHEL_LINK=packets
	for privilege in -n -Urn; do
		unshare $privilege "${BUILD:-build}/tests/net/packets" --probe 1 \
			2>/dev/null && exec unshare $privilege "$0"
	done
	export SATCHEL_LINK=relay
fi
[ "$SATCHEL_LINK" = packets ] && echo '# the link carries IP packets' ||
	echo '# no network namespace with a TUN device here: the link is a relay'
