#!/usr/bin/env bash
# The library as a stranger meets it: names, sizes, header, pkg-config, example.
. "$(dirname "$0")/lib/office.bash"
root=$(cd "$(dirname "$0")/../.." && pwd)

sort "$root/client/exports.txt" >"$dir/wanted"
nm -D --defined-only "$build/libsatchel.so" | awk '$2 ~ /[TDB]/ {print $3}' |
	grep -v '^SATCHEL_' | sed 's/@.*//' | sort -u >"$dir/got"
equal 'the shared library exports exactly client/exports.txt' \
	"$(cat "$dir/got")" "$(cat "$dir/wanted")"
nm -g --defined-only "$build/libsatchel.a" 2>/dev/null |
	awk '$2 ~ /[TDB]/ {print $3}' | sort -u >"$dir/got"
equal 'so does the static one' "$(cat "$dir/got")" "$(cat "$dir/wanted")"
for standard in -std=c99 -std=c11 '-x c++ -std=c++11'; do
	# shellcheck disable=SC2086
	check "the header stands alone (${standard##* })" sh -c \
		"echo '#include \"client/satchel.h\"' | cc -I '$root' $standard \
		$([ "${standard#-x}" = "$standard" ] && echo -x c) \
		-Wall -Wextra -Wpedantic -Werror -fsyntax-only -"
done
check 'it includes nothing but standard headers' sh -c \
	"! grep '#include' '$root/client/satchel.h' | grep -vq '<std[a-z]*.h>'"
cat >"$dir/sizes.c" <<'C'
#include "client/satchel.h"
#include <stdio.h>
#define S(x) printf(#x " %zu\n", sizeof(struct x));
int main(void)
{
    S(satchel_options) S(satchel_contact) S(satchel_referral)
    S(satchel_follow_up) S(satchel_write) S(satchel_status)
    S(satchel_sync_report)
    printf("codes %d\n", SATCHEL_DESTROYED);
    return 0;
}
C
cc -I "$root" "$dir/sizes.c" -o "$dir/sizes"
equal 'structs only ever grow at their end: sizes of version 1 (64 bit)' \
	"$("$dir/sizes" | tr '\n' ';')" \
	'satchel_options 48;satchel_contact 80;satchel_referral 80;satchel_follow_up 56;satchel_write 72;satchel_status 104;satchel_sync_report 88;codes 28;'

check 'make install works' make -s -C "$root" install BUILD="$build" \
	DESTDIR="$dir/root" PREFIX=/usr
export PKG_CONFIG_PATH=$dir/root/usr/lib/pkgconfig:$dir/root/usr/share/pkgconfig
export PKG_CONFIG_SYSROOT_DIR=$dir/root
pkg=$(find "$dir/root" -name libsatchel.pc -exec dirname {} \;)
export PKG_CONFIG_PATH=$pkg
# shellcheck disable=SC2046
check 'the example builds against what is installed' cc -std=c99 -Wall -Wextra \
	-Werror "$root/examples/record_contact.c" \
	-I "$dir/root/usr/include" -L "$(dirname "$pkg")" -lsatchel \
	-o "$dir/record"
check 'pkg-config knows it' pkg-config --exists libsatchel
make_office && start_server && enrol dana || exit 1
person=$(as dana put person legal_name='Ruth Ames')
LD_LIBRARY_PATH=$(dirname "$pkg") "$dir/record" "$dir/dana.vault" "$person" \
	'Roof leaks again; landlord called twice.' >"$dir/recorded" 2>"$dir/err"
equal 'and records a contact' "$(as dana list contact --json |
	jq -r '.[0].fields.narrative')" 'Roof leaks again; landlord called twice.'
check 'which it says is kept' grep -q '2 not yet at the office' "$dir/recorded"
done_testing
