# Satchel.  One file, not recursive; every configuration has its own folder.
#
#   make           programs and libraries, into build/
#   make check     every test; ends with "N passed, N failed"
#   make demo      an office, two workers and a VITA site, end to end
#   make lint      layers, formatting, warnings, cppcheck, clang-tidy
#   make sim       the simulator: SEEDS=200, or SEED=n for one; sim-nightly: 20000
#   make sim-clocks  each of CLOCK_SEEDS=1500 with right and with wrong clocks
#   make mutants   builds that are broken on purpose; the simulator must notice
#   make model     the exchange in Promela, explored by spin
#   make storm     a thousand first syncs in one moment (F12); DEVICES, LINES
#   make huge      an attachment of 500 MB over a link that breaks (F16); MEGABYTES
#   make fuzz      libFuzzer targets, FUZZ_SECONDS=30 each
#   make agency    a year in one agency: every report compared with books that
#                  are kept beside it; WORKERS, PERSONS, CONTACTS, SEED
#   make regulations  writes docs/REGULATIONS.md: each clause, what answers and what tests it
#   make dependencies  what the programs load, with packages and versions
#   make bench     the measurements
#   make cover     line coverage of the unit tests
#   make install   PREFIX=/usr/local DESTDIR=
#   make clean     removes every build folder
#
#   V=1 (show commands), SAN=1 (address and undefined-behaviour sanitizers), TSAN=1 (threads),
#   WERROR=0|1, CC=..., BUILD=folder.  What must be installed first:
#   tools/deps.sh build

.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
SHELL := /bin/sh
say = @$(if $(silent),,echo '  $(1)	$(patsubst $B/%,%,$@)';)
silent := $(findstring s,$(firstword -$(MAKEFLAGS)))
ifeq ($(V),1)
say =
endif

# --- configuration ---------------------------------------------------------

VERSION := 0.1.0
SONAME := libsatchel.so.0
PREFIX ?= /usr/local
SEEDS ?= 50
FUZZ_SECONDS ?= 30
PYTHON ?= /usr/bin/python3
PKG_CONFIG ?= pkg-config
WERROR ?= $(if $(wildcard .git),1,0)

OPTIMIZE := -O2
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
ifeq ($(SAN),1)
BUILD ?= build-san
INSTRUMENT := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
OPTIMIZE := -O1
FORTIFY :=
else ifeq ($(TSAN),1)
BUILD ?= build-tsan
INSTRUMENT := -fsanitize=thread -fno-omit-frame-pointer
OPTIMIZE := -O1
FORTIFY :=
else ifeq ($(FUZZ),1)
BUILD ?= build-fuzz
CC := clang
INSTRUMENT := -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined
OPTIMIZE := -O1
FORTIFY :=
else ifeq ($(COVER),1)
BUILD ?= build-cover
INSTRUMENT := --coverage
OPTIMIZE := -O0
FORTIFY :=
endif
BUILD ?= build
B := $(BUILD)

# What this compiler has of it: a stack that cannot jump over its guard page,
# and marks at the places where an indirect jump may land.
HARDEN := $(shell for f in -fstack-clash-protection -fcf-protection=full \
	-mbranch-protection=standard; do echo 'int x;' | \
	$(CC) -Werror $$f -x c -c -o /dev/null - 2>/dev/null && echo $$f; done)

# Debuggers read .debug_frame; the tables in the image only take room.
UNWIND := $(if $(INSTRUMENT),,-fno-asynchronous-unwind-tables \
	-fno-unwind-tables)
# What gcc says of snprintf depends on how far it optimises.
QUIET := $(if $(findstring clang,$(CC)),,-Wno-format-truncation)
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef \
	$(if $(filter 1,$(WERROR)),-Werror) $(QUIET)
PACKAGES := sqlite3 libcurl jansson zlib libmicrohttpd gnutls libsodium inih
OPTIONAL := $(shell $(PKG_CONFIG) --exists libpq && echo libpq)
FOUND := $(shell for p in $(PACKAGES); do \
	$(PKG_CONFIG) --exists $$p && echo $$p; done)
MISSING := $(filter-out $(FOUND),$(PACKAGES))
DEFINES := -D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=200809L \
	-DSATCHEL_VERSION='"$(VERSION)"'
PACKAGE_CFLAGS := $(if $(FOUND),$(shell $(PKG_CONFIG) --cflags \
	$(FOUND) $(OPTIONAL)))
PACKAGE_LIBS := $(if $(FOUND),$(shell $(PKG_CONFIG) --libs \
	$(FOUND) $(OPTIONAL)))
CPPFLAGS_ALL := $(DEFINES) -I. $(PACKAGE_CFLAGS) $(CPPFLAGS)
CFLAGS_ALL := -std=c11 $(OPTIMIZE) -g $(FORTIFY) $(WARNINGS) \
	-fvisibility=hidden -fPIC -fstack-protector-strong $(HARDEN) -pthread \
	-ffunction-sections -fdata-sections $(UNWIND) $(INSTRUMENT) $(CFLAGS)
LDFLAGS_ALL := -pthread -Wl,-z,relro,-z,now,-z,noexecstack \
	-Wl,--as-needed -Wl,--gc-sections $(INSTRUMENT) $(LDFLAGS)
PROGRAM_LDFLAGS := -pie
LIBS := $(PACKAGE_LIBS) -lm
WRAP := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc

# A missing library is said in one line instead of a page of compiler errors.
NO_LIBS_GOALS := help clean check deps demo lint model regulations list-%
ifneq ($(MISSING),)
ifneq ($(filter-out $(NO_LIBS_GOALS),$(or $(MAKECMDGOALS),all)),)
$(error missing libraries: $(MISSING).  Run: tools/deps.sh build)
endif
endif

# $(call remember,FILE,TEXT): FILE holds TEXT and is touched only on change, so
# that changed flags or a removed source rebuild what depends on them.
remember = $(shell mkdir -p $(dir $(1)); \
	printf '%s\n' '$(subst ','\'',$(2))' | cmp -s - $(1) || \
	printf '%s\n' '$(subst ','\'',$(2))' >$(1))
ifneq ($(filter-out help clean deps,$(or $(MAKECMDGOALS),all)),)
$(call remember,$B/flags,$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL))
endif

# --- embedded files --------------------------------------------------------
# Each set is one generated .c with a table; see tools/embed.h.  What is in the
# library, and read once, is deflated.

EMBED_vault_schema := $(sort $(wildcard shared/replica/schema/*.sql))
EMBED_store_schema := $(sort $(wildcard server/schema/sqlite/*.sql))
EMBED_store_schema_pg := $(sort $(wildcard server/schema/pg/*.sql))
EMBED_record_types := $(sort $(wildcard schema/*.json schema/system/*.json))
EMBED_exchange := $(sort $(wildcard schema/exchange/*.json))
EMBED_reports := $(sort $(wildcard server/reports/*.sql))
EMBED_policies := $(sort $(wildcard server/policy/*.sql))
EMBED_views := $(sort $(wildcard server/views/*.sql))
EMBED_rights := schema/rights.txt
EMBED_operations := schema/operations.txt
web_files = $(sort $(foreach e,html css js mjs json svg png ico txt woff2 \
	webmanifest,$(wildcard $(1)/*.$e $(1)/*/*.$e)))
EMBED_web_field := $(call web_files,web/common) $(call web_files,web/field)
EMBED_web_office := $(call web_files,web/common) $(call web_files,web/office)
EMBED_SETS := vault_schema store_schema store_schema_pg record_types \
	exchange reports policies views rights operations web_field web_office

EMBED_DEFLATED := record_types

define embed_rule
$(call remember,$B/list/embed_$(1),$(EMBED_$(1)))
$B/gen/embed_$(1).c: $B/tools/embed $(EMBED_$(1)) $B/list/embed_$(1)
	@mkdir -p $$(@D)
	$$(call say,EMBED)$B/tools/embed $(if $(filter $(1),$(EMBED_DEFLATED)),-z) \
		embed_$(1) $(EMBED_$(1)) >$$@
endef
$(foreach s,$(EMBED_SETS),$(eval $(call embed_rule,$s)))

# --- layers ----------------------------------------------------------------
# One archive a layer.  An empty folder gives an empty archive.

LAYERS := base model wire db replica exchange
SOURCES_base := $(wildcard shared/base/*.c)
SOURCES_model := $(wildcard shared/model/*.c)
SOURCES_wire := $(wildcard shared/wire/*.c)
SOURCES_db := $(wildcard shared/db/*.c)
SOURCES_replica := $(wildcard shared/replica/*.c)
SOURCES_exchange := $(wildcard shared/exchange/*.c)
SOURCES_client := $(wildcard client/*.c)
SOURCES_cli := $(filter-out client/cli/main.c,$(wildcard client/cli/*.c))
SOURCES_daemon := $(filter-out daemon/main.c,$(wildcard daemon/*.c))
SOURCES_server := $(filter-out server/main.c,$(wildcard server/*.c server/*/*.c))
ifeq ($(OPTIONAL),)
SOURCES_server := $(filter-out server/store_pg%.c,$(SOURCES_server))
else
DEFINES_server := $(if $(wildcard server/store_pg.c),-DHAVE_POSTGRES=1)
endif
SOURCES_test := $(wildcard tests/*.c)
SOURCES_fuzz := $(wildcard tests/fuzz/scene/*.c tests/sim/disk*.c)

GEN_replica := vault_schema record_types
GEN_daemon := web_field
GEN_server := store_schema store_schema_pg exchange reports policies \
	views rights operations web_office

objects = $(patsubst %.c,$B/obj/%.o,$(1))
gen_objects = $(patsubst %,$B/gen/embed_%.o,$(GEN_$(1)))
ALL_LAYERS := $(LAYERS) client cli daemon server test fuzz

define archive_rule
OBJECTS_$(1) := $(call objects,$(SOURCES_$(1))) $(call gen_objects,$(1))
$(call remember,$B/list/lib$(1),$(SOURCES_$(1)) $(GEN_$(1)))
$B/lib$(1).a: $$(OBJECTS_$(1)) $B/list/lib$(1)
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call say,AR)$(AR) rcs $$@ $$(OBJECTS_$(1))
$$(OBJECTS_$(1)): private CPPFLAGS_ALL += $(DEFINES_$(1))
endef
$(foreach l,$(ALL_LAYERS),$(eval $(call archive_rule,$l)))

archives = $(patsubst %,$B/lib%.a,$(1))
group = -Wl,--start-group $(call archives,$(1)) -Wl,--end-group

$B/obj/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(SMALL) -MMD -MP -c \
		-o $@ $<
# All but what reads and writes the text of each line is built for size: the
# library is loaded on cheap tablets, and most time passes in others' code.
HOT := $(addprefix shared/,base/arena base/buffer base/bytes model/canon \
	model/fold_memo model/fold_step model/fold_write model/id model/scan \
	model/scan_text)
COLD := $(filter-out $(addsuffix .c,$(HOT)),$(wildcard client/*.c \
	$(foreach l,$(LAYERS),shared/$l/*.c)))
$(if $(INSTRUMENT),,$(call objects,$(COLD))): SMALL := -Oz
$B/gen/%.o: $B/gen/%.c tools/embed.h $B/flags
	$(call say,CC)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<
$B/tools/embed: tools/embed.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) -std=c11 -O1 $(DEFINES) -o $@ $< \
		$$($(PKG_CONFIG) --cflags --libs zlib)

# --- programs and the library ----------------------------------------------

SHARED := $(LAYERS)
PROGRAMS := $(if $(wildcard client/cli/main.c),$B/satchel) \
	$(if $(wildcard daemon/main.c),$B/satcheld) \
	$(if $(wildcard server/main.c),$B/satchel-central)
LIBRARY := $(if $(SOURCES_client),$B/libsatchel.a \
	$(if $(wildcard client/exports.txt),$B/$(SONAME) $B/libsatchel.so))

.PHONY: all
all: $(call archives,$(SHARED)) $(LIBRARY) $(PROGRAMS)

link = $(call say,LD)$(CC) $(LDFLAGS_ALL) $(PROGRAM_LDFLAGS) -o $@ $(filter %.o,$^) \
	$(call group,$(1)) $(LIBS)

$B/satchel: $(call objects,client/cli/main.c) \
		$(call archives,cli client $(SHARED))
	$(call link,cli client $(SHARED))
$B/satcheld: $(call objects,daemon/main.c) $(call archives,daemon $(SHARED))
	$(call link,daemon $(SHARED))
$B/satchel-central: $(call objects,server/main.c) \
		$(call archives,server $(SHARED))
	$(call link,server $(SHARED))

# The installed static library is one object in which everything hidden is
# local, so that it exports no more than the shared one.
$B/libsatchel.a: $(call objects,$(SOURCES_client)) $(call archives,$(SHARED))
	$(call say,LD)$(CC) -r -nostdlib -o $B/satchel-whole.o $(filter %.o,$^) \
		$(call group,$(SHARED))
	@objcopy --localize-hidden $B/satchel-whole.o
	@rm -f $@
	@$(AR) rcs $@ $B/satchel-whole.o
$B/satchel.map: client/exports.txt
	@mkdir -p $(@D)
	awk 'BEGIN { print "SATCHEL_0 {\n  global:" } \
		/^[a-z]/ { print "    " $$1 ";" } \
		END { print "  local: *;\n};" }' $< >$@
$B/$(SONAME): $(call objects,$(SOURCES_client)) $(call archives,$(SHARED)) \
		$B/satchel.map
	$(call say,LD)$(CC) $(LDFLAGS_ALL) -shared -Wl,-soname,$(SONAME) \
		-Wl,-z,noseparate-code \
		-Wl,--version-script=$B/satchel.map -o $@ $(filter %.o,$^) \
		$(call group,$(SHARED)) $(LIBS)
$B/libsatchel.so: $B/$(SONAME)
	ln -sf $(SONAME) $@

# --- tests -----------------------------------------------------------------
# A test links the layers it may use and no more, so that a broken layer does
# not stop the tests of another.

NEEDS_base := base
NEEDS_model := base model
NEEDS_wire := base model wire
NEEDS_db := base db
NEEDS_replica := base model wire db replica
NEEDS_exchange := $(SHARED)
NEEDS_client := cli client $(SHARED)
NEEDS_daemon := daemon $(SHARED)
NEEDS_server := server $(SHARED)
NEEDS_everything := server daemon cli client $(SHARED)
CMOCKA := -lcmocka

# $(call test_rule,FOLDER,NEEDS): every test_*.c of FOLDER is a program; its
# other sources are linked to all of them.
define test_rule
TESTS_$(1) := $(patsubst %.c,$B/%,$(wildcard $(1)/test_*.c))
HELPERS_$(1) := $(call objects,$(filter-out $(1)/test_%.c $(1)/main.c,\
	$(wildcard $(1)/*.c)))
$$(TESTS_$(1)): $B/%: $B/obj/%.o $$(HELPERS_$(1)) \
		$(call archives,test $(2))
	@mkdir -p $$(@D)
	$$(call say,LD)$(CC) $(LDFLAGS_ALL) $(PROGRAM_LDFLAGS) $(WRAP) -o $$@ \
		$$(filter %.o,$$^) $(call group,test $(2)) $(CMOCKA) $(LIBS)
UNIT_TESTS += $$(TESTS_$(1))
endef
UNIT_TESTS :=
UNIT_LAYERS := $(LAYERS) client daemon server
$(foreach l,$(UNIT_LAYERS),$(eval $(call test_rule,tests/unit/$l,$(NEEDS_$l))))
$(eval $(call test_rule,tests/contract,$(NEEDS_everything)))
$(eval $(call test_rule,tests/sim,$(NEEDS_everything)))

# tests/scenario/fail.c is preloaded into programs whose disk is to fail.
FAIL := $(if $(wildcard tests/scenario/fail.c),$B/tests/scenario/fail.so)
$B/tests/scenario/fail.so: tests/scenario/fail.c $B/flags
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -std=c11 -O1 -D_GNU_SOURCE $(WARNINGS) -fPIC -shared \
		-o $@ $< -ldl

# tests/{crash,e2e,net}/*.c are programs that the scripts beside them run.
TOOL_TESTS := $(patsubst %.c,$B/%,$(wildcard tests/crash/*.c tests/e2e/*.c \
	tests/net/*.c))
$(TOOL_TESTS): $B/%: $B/obj/%.o $(call archives,test $(NEEDS_everything))
	@mkdir -p $(@D)
	$(call link,test $(NEEDS_everything)) $(CMOCKA)

# The simulator is tests/sim/main.c and the sources beside it.
SIM := $(if $(wildcard tests/sim/main.c),$B/tests/sim/sim)
$B/tests/sim/sim: $(call objects,$(filter-out tests/sim/test_%.c,\
		$(wildcard tests/sim/*.c))) \
		$(call archives,test $(NEEDS_everything))
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS_ALL) $(PROGRAM_LDFLAGS) $(WRAP) -o $@ \
		$(filter %.o,$^) $(call group,test $(NEEDS_everything)) $(LIBS)

# The product with one line broken each; the simulator must notice
# (tools/mutants).  A file that names MUTANT_X is compiled once more for it.
MUTANT_PAIRS := $(shell grep -roE 'MUTANT_[A-Z0-9_]+' --include='*.c' shared \
	server | sort -u)
MUTANTS := $(sort $(foreach p,$(MUTANT_PAIRS),$(subst MUTANT_,,$(lastword \
	$(subst :, ,$p)))))
define mutant_rule
OBJECTS_mutant_$(1) := $(patsubst %.c:MUTANT_$(1),$B/mutants/$(1)/%.o,\
	$(filter %.c:MUTANT_$(1),$(MUTANT_PAIRS)))
$$(OBJECTS_mutant_$(1)): $B/mutants/$(1)/%.o: %.c $B/flags
	@mkdir -p $$(@D)
	$$(call say,CC)$(CC) $(CPPFLAGS_ALL) $(DEFINES_server) -DMUTANT_$(1) \
		$(CFLAGS_ALL) -MMD -MP -c -o $$@ $$<
$B/mutants/$(1)/sim: $(call objects,$(filter-out tests/sim/test_%.c,\
		$(wildcard tests/sim/*.c))) \
		$$(OBJECTS_mutant_$(1)) $(call archives,test $(NEEDS_everything))
	$$(call say,LD)$(CC) $(LDFLAGS_ALL) $(PROGRAM_LDFLAGS) $(WRAP) -o $$@ \
		$$(filter %.o,$$^) $(call group,test $(NEEDS_everything)) $(LIBS)
-include $$(OBJECTS_mutant_$(1):.o=.d)
endef
$(foreach m,$(MUTANTS),$(eval $(call mutant_rule,$m)))
# Those that `make check` insists on; MUTANT=NAME runs another.
MUTANTS_KEPT := $(shell sed -n 's/^\([A-Z0-9_]*\) .*/\1/p' tests/sim/mutants.txt)
# An office that loses a line in a hundred: the demo must not believe it.
LOSSY := $B/mutants/DROP_WRITE/satchel-central
$(LOSSY): $(call objects,server/main.c) $(OBJECTS_mutant_DROP_WRITE) \
		$(call archives,$(NEEDS_server))
	$(call say,LD)$(CC) $(LDFLAGS_ALL) $(PROGRAM_LDFLAGS) -o $@ \
		$(filter %.o,$^) $(call group,$(NEEDS_server)) $(LIBS)
.PHONY: mutants list-mutants
mutants: $(patsubst %,$B/mutants/%/sim,$(or $(MUTANT),$(MUTANTS_KEPT)))
	@BUILD=$B tools/mutants $(or $(MUTANT),$(MUTANTS_KEPT))
list-mutants:
	@printf '%s\n' $(patsubst %,$B/mutants/%/sim,$(MUTANTS_KEPT))

SCRIPTS := $(sort $(wildcard tests/e2e/*.sh tests/crash/*.sh tests/net/*.sh \
	tests/scenario/*.sh))
PY_TESTS := $(sort $(wildcard tests/vectors/test_*.py tests/model/test_*.py \
	tests/scenario/f*.py))

# Each tests/fuzz/NAME.c is a libFuzzer target; check replays its corpus with
# tests/fuzz/replay.c in place of the fuzzer.  tests/fuzz/scene is what some
# of them need around them.
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,\
	$(wildcard tests/fuzz/*.c)))
REPLAYS := $(if $(wildcard tests/fuzz/replay.c),\
	$(patsubst %,$B/tests/fuzz/replay_%,$(FUZZERS)))
$(REPLAYS): $B/tests/fuzz/replay_%: $B/obj/tests/fuzz/%.o \
		$B/obj/tests/fuzz/replay.o $(call archives,fuzz test $(NEEDS_everything))
	@mkdir -p $(@D)
	$(call link,fuzz test $(NEEDS_everything))
FUZZ_PROGRAMS := $(patsubst %,$B/tests/fuzz/%,$(FUZZERS))
$(FUZZ_PROGRAMS): $B/tests/fuzz/%: $B/obj/tests/fuzz/%.o \
		$(call archives,fuzz test $(NEEDS_everything))
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $(filter %.o,$^) \
		$(call group,fuzz test $(NEEDS_everything)) $(LIBS)

.PHONY: tests unit-tests check check-unit sim sim-nightly sim-clocks model fuzz fuzz-run deps
unit-tests: $(UNIT_TESTS) $(REPLAYS)
tests: all unit-tests $(TOOL_TESTS) $(FAIL) $(SIM) $(if $(INSTRUMENT),,$(LOSSY))

deps:
	tools/deps.sh test
check:
	@MAKE='$(MAKE)' tools/check
# What tools/check asks for: the names of the tests, one a line.
.PHONY: list-unit list-replays list-scripts list-python list-sim
list-unit:
	@printf '%s\n' $(UNIT_TESTS)
list-replays:
	@printf '%s\n' $(REPLAYS)
list-scripts:
	@printf '%s\n' $(SCRIPTS)
list-python:
	@printf '%s\n' $(PY_TESTS)
list-sim:
	@printf '%s\n' $(SIM)
.PHONY: list-harden
list-harden:
	@printf '%s\n' $(HARDEN)
# Only the unit tests of one layer: make check-unit LAYER=base
check-unit: $(if $(LAYER),$(TESTS_tests/unit/$(LAYER)),$(UNIT_TESTS))
	@tools/run-tests $^

sim: $(SIM)
	$(if $(SIM),$(SIM) $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)),\
		@echo 'no simulator is here')
# Other seeds every night, unless FROM says which.
sim-nightly: SEEDS = 20000
sim-nightly: $(SIM)
	$(SIM) --corpus tests/sim/corpus.txt
	$(SIM) --seeds $(SEEDS) --failures 5 \
		--from $${FROM:-$$(( $$(date +%s) / 86400 * 100000 ))}

# The same histories with right and with wrong clocks; SEED=n for one.
CLOCK_SEEDS ?= 1500
sim-clocks: $(SIM)
	$(SIM) --clocks $(if $(SEED),--seed $(SEED),--seeds $(CLOCK_SEEDS))

# Needs spin; MODEL=NAME explores one configuration, or one mutant, alone.
model:
	@BUILD=$B tools/model

.PHONY: storm
storm: DEVICES ?= 1000
storm: LINES ?= 50000
storm: all
	@BUILD=$B DEVICES=$(DEVICES) LINES=$(LINES) $(PYTHON) \
		tests/scenario/f12_storm.py
.PHONY: huge
huge: MEGABYTES ?= 500
huge: all
	@BUILD=$B MEGABYTES=$(MEGABYTES) tests/scenario/f16_huge.sh

# The year of one agency (bench/agency/main.c).  Its devices believe in a clock
# of their own.
AGENCY := $B/bench/agency/agency
OBJECTS_agency := $(call objects,$(wildcard bench/agency/*.c))
$(AGENCY): $(OBJECTS_agency) $(call archives,client $(SHARED))
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(LDFLAGS_ALL) $(PROGRAM_LDFLAGS) \
		-Wl,--wrap=clock_gettime -o $@ $(filter %.o,$^) \
		$(call group,client $(SHARED)) $(LIBS)
tests: $(AGENCY)
.PHONY: agency
agency: WORKERS ?= 40
agency: PERSONS ?= 3000
agency: CONTACTS ?= 60000
agency: SEED ?= 1
agency: all $(AGENCY)
	@$(AGENCY) $B $(WORKERS) $(PERSONS) $(CONTACTS) $(SEED)

fuzz:
	@$(MAKE) FUZZ=1 fuzz-run
fuzz-run: $(FUZZ_PROGRAMS)
	@for t in $(FUZZERS); do mkdir -p $B/corpus/$$t; \
		echo "fuzz $$t"; \
		$B/tests/fuzz/$$t -max_total_time=$(FUZZ_SECONDS) \
			-verbosity=0 -print_final_stats=1 \
			-artifact_prefix=$B/corpus/$$t- $B/corpus/$$t \
			$$(ls -d tests/fuzz/corpus/$$t 2>/dev/null) || exit 1; \
	done

# --- the rest --------------------------------------------------------------

BENCHES := $(patsubst %.c,$B/%,$(wildcard bench/*.c))
$(BENCHES): $B/%: $B/obj/%.o $(call archives,test $(NEEDS_everything))
	@mkdir -p $(@D)
	$(call link,test $(NEEDS_everything))
.PHONY: bench demo lint cover install clean help
bench: all $(BENCHES)
	@if [ -x bench/run ]; then BUILD=$B bench/run; else \
		for b in $(BENCHES); do $$b || exit 1; done; fi

demo:
	@tools/deps.sh demo
	@$(MAKE) all
	@BUILD=$B tools/demo

lint:
	@BUILD=$B MAKE='$(MAKE)' tools/lint
# Formats what is changed or new here; FILES="..." names them instead.
format:
	@clang-format -i $(or $(FILES),$$(git ls-files -mo --exclude-standard \
		-- '*.c' '*.h' && git diff --name-only --diff-filter=d \
		main... -- '*.c' '*.h'))

# An object depends on its headers, so a file is looked at again when any of
# them changed.
TIDY := $(patsubst %.c,$B/lint/%.tidy,$(SOURCES_base) $(SOURCES_model) \
	$(SOURCES_wire) $(SOURCES_db) $(SOURCES_replica) $(SOURCES_exchange) \
	$(SOURCES_client) $(SOURCES_cli) $(SOURCES_daemon) $(SOURCES_server) \
	$(wildcard client/cli/main.c daemon/main.c server/main.c))
.PHONY: lint-tidy format
lint-tidy: $(TIDY)
$B/lint/%.tidy: %.c $B/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	$(call say,TIDY)clang-tidy --quiet $< -- $(CPPFLAGS_ALL) -std=c11 \
		-DHAVE_POSTGRES=1 2>$@.err || { cat $@.err; exit 1; }
	@touch $@

cover:
	@$(MAKE) COVER=1 cover-run
.PHONY: cover-run
cover-run: $(UNIT_TESTS) $(REPLAYS)
	@find $B -name '*.gcda' -delete
	@tools/run-tests $^
	@tools/cover $B

INSTALL_LIB := $(DESTDIR)$(PREFIX)/lib
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(INSTALL_LIB)/pkgconfig \
		$(DESTDIR)$(PREFIX)/include
	$(if $(PROGRAMS),install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin)
	$(if $(wildcard client/satchel.h),install -m 644 client/satchel.h \
		$(DESTDIR)$(PREFIX)/include)
	$(if $(LIBRARY),install -m 644 $B/libsatchel.a $(INSTALL_LIB))
	$(if $(filter %.so,$(LIBRARY)),install -m 755 $B/$(SONAME) \
		$(INSTALL_LIB) && ln -sf $(SONAME) $(INSTALL_LIB)/libsatchel.so)
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' \
		packaging/libsatchel.pc.in >$(INSTALL_LIB)/pkgconfig/libsatchel.pc
	install -d $(INSTALL_LIB)/systemd/system $(INSTALL_LIB)/systemd/user \
		$(INSTALL_LIB)/sysusers.d
	sed 's|@PREFIX@|$(PREFIX)|' packaging/satchel-central.service.in \
		>$(INSTALL_LIB)/systemd/system/satchel-central.service
	sed 's|@PREFIX@|$(PREFIX)|' packaging/satcheld.service.in \
		>$(INSTALL_LIB)/systemd/user/satcheld.service
	install -m 644 packaging/satchel.sysusers \
		$(INSTALL_LIB)/sysusers.d/satchel.conf
	for s in 1 3 5 8; do for m in docs/man/*.$$s; do \
		[ -f "$$m" ] || continue; \
		install -d $(DESTDIR)$(PREFIX)/share/man/man$$s; \
		install -m 644 "$$m" $(DESTDIR)$(PREFIX)/share/man/man$$s; \
	done; done
	install -d $(DESTDIR)$(PREFIX)/share/satchel/codes
	install -m 644 schema/codes/*.csv $(DESTDIR)$(PREFIX)/share/satchel/codes

.PHONY: dependencies
dependencies: all
	@BUILD=$B tools/dependencies

# docs/REGULATIONS.md, from the files that cite the rules.
.PHONY: regulations
regulations:
	@tools/regulations

clean:
	rm -rf build build-san build-tsan build-fuzz build-cover
help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

-include $(shell find $B/obj -name '*.d' 2>/dev/null)
