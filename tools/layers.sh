#!/bin/sh
# layers.sh: checks the #include lines of every .c and .h against layers.txt.
# Prints one line an offence and exits 1 when there is any.
set -eu
cd "$(dirname "$0")/.."
find client daemon server shared tests bench tools examples \
    -name '*.[ch]' -print 2>/dev/null | sort |
    xargs grep -n '^[ 	]*#[ 	]*include' /dev/null |
    awk -v rules=tools/layers.txt '
function matches(path, pattern,    regex) {
    regex = pattern
    gsub(/\./, "\\.", regex)
    gsub(/\*/, ".*", regex)
    return path ~ ("^" regex "$")
}
function under(path, folder) {
    return path == folder || index(path, folder "/") == 1
}
function layer_of(path,    best, name) {
    best = ""
    for (name in allowed)
        if (under(path, name) && length(name) > length(best))
            best = name
    return best
}
BEGIN {
    while ((getline line <rules) > 0) {
        if (line !~ /^(layer|external) /)
            continue
        split(line, halves, ":")
        name = halves[1]
        sub(/^[a-z]+ /, "", name)
        if (line ~ /^layer/)
            allowed[name] = halves[2]
        else
            places[name] = halves[2]
    }
}
{
    split($0, part, ":")
    path = part[1]
    header = $0
    if (match(header, /["<][^">]*[">]/) == 0)
        next
    kind = substr(header, RSTART, 1)
    header = substr(header, RSTART + 1, RLENGTH - 2)
    where = path ":" part[2] ": "
    if (kind == "\"") {
        layer = layer_of(path)
        if (layer == "") {
            print where "this file belongs to no layer"
            bad = 1
            next
        }
        fine = under(header, layer) && layer_of(header) == layer
        count = split(allowed[layer], list, " ")
        for (i = 1; i <= count; i++)
            if (under(header, list[i]))
                fine = 1
        if (!fine) {
            print where layer " may not include " header
            bad = 1
        }
    } else if (header in places) {
        fine = 0
        count = split(places[header], list, " ")
        for (i = 1; i <= count; i++)
            if (matches(path, list[i]))
                fine = 1
        if (!fine) {
            print where "<" header "> does not belong here"
            bad = 1
        }
    }
}
END { exit bad }'
