# GNU make. Try "make help".
#
#   NGINX_SRC=path    a full nginx source tree instead of Debian's nginx-dev
#   NGINX_FLAGS=...   how to configure that tree
#   SANITIZE=1        all but the module with ASan and UBSan, in build/san
#   DEPS=true         never install a package
#   PORT=8080         where the demo listens
#   FUZZ_RUNS=50000   how many inputs make fuzz gives each target
#   FUZZ_SECONDS=...  for how long instead, with new ones each time
#   TARGETS=...       what make fuzz runs: json doc ...; all of them
#   CASES=10000       how often make torture damages a store, and with what
#   SEED=1            dice
#   PARTS=...         what make bench measures: instructions key calls speed import
#                     latency; all of them
#   PREFIX=/usr/local where the command and its documentation are installed
#   DESTDIR=path      a root directory to install into instead of /
#   ENABLE=1          let Debian's nginx load the installed module; with
#                     ENABLE=png that for pictures as well
#   UNDER=command     what runs the unit tests
#   V=1               show the commands that are run

SHELL       = /bin/bash
DEPS        = .ci/install-deps
PORT        = 8080
CASES       = 10000
SEED        = 1
FUZZ_RUNS   = 50000
PREFIX      = /usr/local
NGINX_SRC   = /usr/share/nginx/src
NGINX_FLAGS = --with-compat --with-debug --with-threads \
              --with-http_ssl_module --with-http_v2_module \
              --with-http_realip_module --with-http_auth_request_module

Q = $(if $(V),,@)

export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin

MODULES = build/ngx_http_credverify_module.so \
          build/ngx_http_credverify_png_module.so
OUT    = build
CFLAGS = -O2 -g
NGINX_CFLAGS = $(CFLAGS)

# nginx itself reads unaligned integers, and adds to NULL and copies from it if
# it is for 0 bytes: habits that our own sources are not excused from. Its line
# tables are enough, and are read at each exit, for leaks.
#
# The runtimes are linked in: libasan must come before what a test preloads,
# and gcc's libubsan forgets its options beside a libasan that is shared.

NGINX_HABITS = alignment,pointer-overflow,nonnull-attribute

ifdef SANITIZE
OUT     = build/san
CFLAGS  = -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all \
          -fsanitize=address,undefined
LDFLAGS = -fsanitize=address,undefined -static-libasan -static-libubsan
NGINX_CFLAGS = $(CFLAGS) -g1 -fno-sanitize=$(NGINX_HABITS) \
               -DNGX_DEBUG_PALLOC=1
endif

# libFuzzer is clang's

ifdef FUZZ
OUT     = build/fuzz
CC      = clang
CFLAGS  = -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all \
          -fsanitize=fuzzer-no-link,address,undefined
LDFLAGS = -fsanitize=fuzzer
endif

# Sources: "layer path" lines. All but the nginx glue and the tool's commands
# make up the library.

sources = $(shell awk '$$1 ~ /^[a-z]/ && $(1) { print $$2 }' src/SOURCES)

HEADERS     := $(sort $(wildcard src/*/*.h))
LIB_SRCS    := $(call sources,$$1 !~ /^(http|png|cli)$$/)
CLI_SRCS    := $(call sources,$$1 == "cli")
MODULE_SRCS := $(notdir $(MODULES:.so=.c)) \
               $(call sources,$$1 !~ /^(cli|deliver|foreign)$$/)
UNIT_SRCS   := $(sort $(wildcard t/unit/test_*.c))
UNIT_SHARED := $(filter-out $(UNIT_SRCS),$(wildcard t/unit/*.c))
TORTURE     := $(sort $(wildcard t/torture/*.c))
FUZZ_SRCS   := $(sort $(wildcard t/fuzz/fuzz_*.c))
FUZZ_SHARED := t/fuzz/view.c t/fuzz/markup.c
WIDTHS      := src/view/cv_measure_table.c

objects = $(patsubst %.c,$(OUT)/obj/%.o,$(1))
UNITS   = $(patsubst t/unit/%.c,$(OUT)/unit/%,$(UNIT_SRCS)) $(REPLAYS)
FUZZERS = $(patsubst t/fuzz/%.c,$(OUT)/%,$(FUZZ_SRCS))
REPLAYS = $(patsubst t/fuzz/fuzz_%.c,$(OUT)/unit/replay_%,$(FUZZ_SRCS))

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
           -Wpointer-arith -Wcast-qual -Wformat=2 -Wvla -Wundef -Werror
COMPILE  = $(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) $(ITS_CFLAGS) -MMD -MP \
           $(patsubst %/,-I%,$(filter-out src/http/,$(wildcard src/*/)))
LIBS     = -Wl,--as-needed -llmdb -lyajl -lcrypto -lqrencode -lz \
           -lpng -lxml2 -lcurl

# Their headers are not written for our warnings.

RSVG_CFLAGS = $(patsubst -I%,-isystem%,$(shell pkg-config --cflags librsvg-2.0))
XML_CFLAGS  = $(patsubst -I%,-isystem%,$(shell pkg-config --cflags libxml-2.0))
RSVG_LIBS   = $(shell pkg-config --libs librsvg-2.0)


.PHONY: help deps module static cli lib man widths demo test unit torture \
        sanitize valgrind fuzz fuzzers check bench clean install uninstall FORCE
.DELETE_ON_ERROR:

help:           ## show this
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | expand -t 10

deps:           ## install the Debian packages that are missing, if any
	@$(DEPS) test

module: $(MODULES)   ## build the nginx modules, build/ngx_http_credverify*_module.so

static: $(OUT)/nginx  ## build nginx with the modules linked in (needs NGINX_SRC)

cli: $(OUT)/credverify    ## build the admin tool, build/credverify

lib: $(OUT)/libcredverify.a    ## build the library, build/libcredverify.a

man: $(OUT)/credverify.1    ## write the manual page, build/credverify.1

widths:         ## make the table of characters' widths anew, of the fonts there are
	@$(DEPS) test
	@echo "  PERL  $(WIDTHS)"
	$(Q)src/view/cv_measure_table.pl > $(WIDTHS).new
	$(Q)mv $(WIDTHS).new $(WIDTHS)

demo:           ## serve all views on http://127.0.0.1:8080/ until Ctrl-C
	@$(DEPS) build
	@$(MAKE) --no-print-directory module cli
	@PORT=$(PORT) exec perl -e '$(OWN_TERMINAL)' conf-examples/demo

# Ctrl-C is for the demo, which then ends well; make itself would fail.
define OWN_TERMINAL
use POSIX; $$SIG{TTOU} = "IGNORE"; \
-t 0 and setpgrp and tcsetpgrp(0, $$$$); \
$$SIG{TTOU} = "DEFAULT"; exec @ARGV or die "$$ARGV[0]: $$!\n"
endef

test:           ## build everything and run all tests
	@$(DEPS) test
	@$(MAKE) --no-print-directory module cli $(UNITS) $(OUT)/torture
	@CREDVERIFY=$(CURDIR)/$(OUT)/credverify .ci/test

unit: $(UNITS)  ## run the unit tests
	@[ "$(UNITS)" ] || { echo "no unit tests in t/unit" >&2; exit 1; }
	$(Q)CMOCKA_MESSAGE_OUTPUT=TAP prove -e '$(UNDER)' $(UNITS)

torture: $(OUT)/torture  ## damage a store in 10,000 ways, and use it
	$(Q)$< -n $(CASES) -s $(SEED) -k $(OUT)

# a tree that is not ours to fetch

NGINX_GIVEN = $(filter-out file,$(origin NGINX_SRC))

sanitize:       ## run all tests with ASan and UBSan, in nginx as well
	@$(DEPS) $(if $(NGINX_GIVEN),test,sanitize)
	@$(MAKE) --no-print-directory SANITIZE=1 cli static \
	    NGINX_SRC=$(if $(NGINX_GIVEN),$(NGINX_SRC),build/nginx-src)
	@.ci/sanitize

valgrind:       ## run tests under valgrind, in nginx as well
	@$(DEPS) test
	@$(MAKE) --no-print-directory module cli $(UNITS)
	@.ci/valgrind

fuzz:           ## give the parsers made-up input, with ASan and UBSan
	@$(DEPS) fuzz
	@$(MAKE) --no-print-directory FUZZ=1 fuzzers
	@FUZZ_RUNS=$(FUZZ_RUNS) FUZZ_SECONDS=$(FUZZ_SECONDS) .ci/fuzz $(TARGETS)

fuzzers: $(FUZZERS)

check:          ## check layering, headers, documentation and test sections
	@$(DEPS) test
	@$(MAKE) --no-print-directory module cli
	@NGINX_SRC=$(NGINX_SRC) CC='$(CC)' .ci/checks

bench:          ## measure beside plain nginx and LMDB, build/bench.json
	@$(DEPS) bench
	@$(MAKE) --no-print-directory module cli build/bench/rawput
	@t/bench/bench $(PARTS)

clean:          ## remove build/
	rm -rf build


# The library, the tool, its manual page and the unit tests

$(OUT)/libcredverify.a: $(call objects,$(LIB_SRCS)) src/SOURCES
	@echo "  AR    $@"
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

$(OUT)/credverify: $(call objects,$(CLI_SRCS)) $(OUT)/libcredverify.a
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(OUT)/credverify.1: dist/man dist/credverify.1.in CHANGES $(OUT)/credverify
	@echo "  MAN   $@"
	$(Q)dist/man $(OUT)/credverify > $@

$(filter-out $(REPLAYS),$(UNITS)): $(OUT)/unit/%: $(OUT)/obj/t/unit/%.o \
          $(call objects,$(UNIT_SHARED)) $(OUT)/libcredverify.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

$(REPLAYS): $(OUT)/unit/replay_%: $(OUT)/obj/t/fuzz/fuzz_%.o \
            $(call objects,t/fuzz/replay.c $(FUZZ_SHARED)) \
            $(OUT)/libcredverify.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(FUZZERS): $(OUT)/%: $(OUT)/obj/t/fuzz/%.o \
            $(call objects,$(FUZZ_SHARED)) $(OUT)/libcredverify.a
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(OUT)/torture: $(call objects,$(TORTURE)) $(OUT)/libcredverify.a
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(OUT)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(COMPILE) -c -o $@ $<

$(OUT)/obj/src/raster/%.o: ITS_CFLAGS = $(RSVG_CFLAGS)
$(OUT)/obj/src/foreign/%.o: ITS_CFLAGS = $(XML_CFLAGS)
$(OUT)/credverify $(OUT)/unit/test_mail: LIBS += $(RSVG_LIBS)
$(OUT)/unit/test_qr: LIBS += -lzbar
$(OUT)/unit/test_raster: LIBS += $(RSVG_LIBS) -lzbar

-include $(patsubst %.o,%.d,$(call objects,$(LIB_SRCS) $(CLI_SRCS) \
                                          $(UNIT_SRCS) $(UNIT_SHARED) \
                                          $(TORTURE) $(FUZZ_SRCS) \
                                          $(FUZZ_SHARED) t/fuzz/replay.c))
.SECONDARY:


# What make bench measures an import by

build/bench/rawput: t/bench/rawput.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O2 -g -o $@ $< -llmdb


# The module. nginx's own makefile knows the dependencies; it is written anew
# when something it was made from changes: flags, headers, the nginx sources.
#
# Debian's conf_flags are what its nginx was configured with; a full tree has
# no such file.

NGINX_INPUTS = $(CURDIR) $(NGINX_SRC) $(NGINX_FLAGS) $(CC) $(HEADERS) \
    $(shell cat $(NGINX_SRC)/conf_flags $(NGINX_SRC)/src/core/nginx.h \
                2>/dev/null | cksum)

build/%.inputs: FORCE
	@mkdir -p $(@D)
	@echo '$(NGINX_INPUTS)' | cmp -s - $@ || echo '$(NGINX_INPUTS)' > $@

# $(1) for the compiler, $(2) for the linker, $(3) --add..., $(4) c or h
define configure
	@[ -e $(NGINX_SRC)/src/core/nginx.$(4) ] || { \
	    echo "no nginx.$(4) in $(NGINX_SRC): run 'make deps'" \
	         "or give NGINX_SRC=path, a full source tree" >&2; exit 1; }
	@rm -rf $(@D)
	@mkdir -p $(@D)
	@echo "configuring nginx, see $(@D)/configure.log"
	@cd $(NGINX_SRC) && configure=./configure && flags=($(NGINX_FLAGS)) && \
	if [ -e conf_flags ]; then . ./conf_flags; flags=("$${NGX_CONF_FLAGS[@]}"); fi && \
	if [ ! -e configure ]; then configure=auto/configure; fi && \
	$$configure "$${flags[@]}" --with-cc="$(CC)" --with-cc-opt="$(1)" \
	    --with-ld-opt="$(2)" --builddir=$(CURDIR)/$(@D) \
	    $(3)=$(CURDIR) > $(CURDIR)/$(@D)/configure.log 2>&1 || \
	{ tail -n 5 $(CURDIR)/$(@D)/configure.log >&2; exit 1; }
endef

# as Debian builds its own modules
debian    = $(shell dpkg-buildflags --get $(1) 2>/dev/null)
SO_CFLAGS = $(call debian,CFLAGS) $(call debian,CPPFLAGS) -fPIC
SO_LINK   = $(call debian,LDFLAGS) -fPIC

build/nginx-dynamic/Makefile: config src/SOURCES Makefile \
                              build/nginx-dynamic.inputs
	$(call configure,$(SO_CFLAGS),$(SO_LINK),--add-dynamic-module,h)

$(OUT)/nginx-static/Makefile: config src/SOURCES Makefile \
                              $(OUT)/nginx-static.inputs
	$(call configure,$(NGINX_CFLAGS),$(LDFLAGS),--add-module,c)
	$(if $(SANITIZE),@echo '$(CURDIR)/$(@D)/addon/%.o: CFLAGS += -g \
	                        -fsanitize=$(NGINX_HABITS)' >> $@)

$(MODULES) $(OUT)/nginx: MAKEOVERRIDES =

# A running nginx has the old ones mapped: they are replaced, never written to.

$(MODULES) &: build/nginx-dynamic/Makefile src/exports.map $(MODULE_SRCS) $(HEADERS)
	@printf '  NGINX %s\n' $(MODULES)
	$(Q)$(MAKE) -s -C $(NGINX_SRC) -f $(CURDIR)/$< modules
	$(Q)for so in $(notdir $(MODULES)); do \
	    cp build/nginx-dynamic/$$so build/$$so.new && \
	    mv build/$$so.new build/$$so || exit; \
	done

$(OUT)/nginx: $(OUT)/nginx-static/Makefile $(MODULE_SRCS) $(HEADERS)
	@echo "  NGINX $@"
	$(Q)$(MAKE) -s -C $(NGINX_SRC) -f $(CURDIR)/$< binary
	$(Q)cp $(<D)/nginx $@.new
	$(Q)mv $@.new $@


# Installing: "mode source target". The modules, the lines that load them and
# the views go where nginx looks for them, all else is below PREFIX.

NGINX_MODULES   = /usr/lib/nginx/modules
NGINX_AVAILABLE = /usr/share/nginx/modules-available
NGINX_ENABLED   = /etc/nginx/modules-enabled/50-
SHARED          = /usr/share/credverify
DOC             = $(PREFIX)/share/doc/credverify

# what loads a module, and which of that is enabled

LOADS   = mod-http-credverify.conf mod-http-credverify-png.conf
ENABLED = $(if $(ENABLE),$(if $(filter png,$(ENABLE)),$(LOADS),\
                              $(firstword $(LOADS))))

VIEWS    = $(sort $(wildcard conf-examples/views/*/*))
EXAMPLES = $(sort $(wildcard $(addprefix conf-examples/*.,conf json yml)))
SERVICES = $(sort $(wildcard dist/*.service dist/*.timer))

INSTALLED = \
  $(foreach f,$(VIEWS),644 $f $(SHARED)/$(f:conf-examples/%=%)) \
  $(foreach f,$(MODULES),644 $f $(NGINX_MODULES)/$(notdir $f)) \
  $(foreach f,$(LOADS),644 $(OUT)/$f $(NGINX_AVAILABLE)/$f) \
  755 $(OUT)/credverify $(PREFIX)/bin/credverify \
  644 $(OUT)/credverify.1 $(PREFIX)/share/man/man1/credverify.1 \
  644 dist/credverify.bash \
      $(PREFIX)/share/bash-completion/completions/credverify \
  $(foreach f,$(SERVICES),644 $f $(PREFIX)/lib/systemd/system/$(notdir $f)) \
  $(foreach f,README.md CHANGES LICENSE,644 $f $(DOC)/$f) \
  $(foreach f,$(EXAMPLES),644 $f $(DOC)/examples/$(notdir $f))

# As Debian's own modules are named; from elsewhere a module has its whole path.

$(OUT)/mod-http-credverify.conf: LOADED = ngx_http_credverify_module.so
$(OUT)/mod-http-credverify-png.conf: LOADED = ngx_http_credverify_png_module.so

$(addprefix $(OUT)/,$(LOADS)): FORCE
	@mkdir -p $(@D)
	@echo 'load_module $(or $(filter-out /usr/lib/nginx/modules,\
	    $(NGINX_MODULES)),modules)/$(LOADED);' > $@

# What runs has the old file open: it is replaced, never written to.

install: module cli man $(addprefix $(OUT)/,$(LOADS))  ## install modules, command, views and documentation
	@set -e; set -- $(INSTALLED); \
	while [ $$# != 0 ]; do \
	    echo "  INSTALL $(DESTDIR)$$3"; \
	    install -D -m $$1 $$2 "$(DESTDIR)$$3.new"; \
	    mv -f "$(DESTDIR)$$3.new" "$(DESTDIR)$$3"; \
	    shift 3; \
	done; \
	for load in $(ENABLED); do \
	    echo "  LINK    $(DESTDIR)$(NGINX_ENABLED)$$load"; \
	    install -d "$(DESTDIR)$(dir $(NGINX_ENABLED))"; \
	    ln -sfn $(NGINX_AVAILABLE)/$$load "$(DESTDIR)$(NGINX_ENABLED)$$load"; \
	done

uninstall:      ## remove what this version installs, not the store
	@set -- $(INSTALLED); \
	for load in $(LOADS); do \
	    [ "$$(readlink "$(DESTDIR)$(NGINX_ENABLED)$$load")" != \
	      $(NGINX_AVAILABLE)/$$load ] || \
	    set -- - - $(NGINX_ENABLED)$$load "$$@"; \
	done; \
	while [ $$# != 0 ]; do \
	    echo "  REMOVE  $(DESTDIR)$$3"; \
	    rm -f "$(DESTDIR)$$3" || exit; \
	    shift 3; \
	done; \
	for dir in "$(DESTDIR)$(SHARED)" "$(DESTDIR)$(DOC)"; do \
	    [ ! -d "$$dir" ] || find "$$dir" -depth -type d -empty -delete; \
	done
