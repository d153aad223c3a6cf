package Browser;

# A headless Chromium, driven over W3C WebDriver: one session with a profile of
# its own, which reaches nothing but the loopback interface. What it starts is
# ended with the test, even where the test is killed.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use HTTP::Tiny;
use JSON::PP;
use LiveCommand qw(free_port);
use MIME::Base64 qw(decode_base64);
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep time);

my $json = JSON::PP->new->utf8->allow_nonref;

# Names ending in ".test" are this machine, as if they were other hosts. Their
# frames have no processes of their own, for their consoles would not be heard.

my @flags = (
    qw(--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage
       --disable-quic --no-first-run --no-default-browser-check --no-pings
       --disable-background-networking --disable-component-update
       --disable-sync --disable-default-apps --disable-extensions
       --disable-domain-reliability --metrics-recording-only --hide-scrollbars
       --password-store=basic --force-color-profile=srgb),
    '--disable-features=Translate,MediaRouter,OptimizationHints,SitePerProcess,'
    . 'IsolateOrigins', '--disable-site-isolation-trials',
    '--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, '
    . 'EXCLUDE 127.0.0.1',
);

# Why there is none to be had, if so.

sub missing {
    for my $program (qw(chromium chromedriver)) {
        return "needs $program: chromium, chromium-driver"
            unless grep { -x "$_/$program" } split /:/, $ENV{PATH};
    }

    return undef;
}

sub start {
    my $class = shift;
    my $dir = tempdir('credverify.XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $port = free_port();
    my $self = bless {
        dir => $dir, base => "http://127.0.0.1:$port", owner => $$,
        http => HTTP::Tiny->new(timeout => 60, proxy => undef,
                                http_proxy => undef),
    }, $class;

    $self->guarded("$dir/output", 'chromedriver', "--port=$port",
                   '--allowed-ips=127.0.0.1');

    for (my $end = time + 20; time < $end; sleep 0.05) {
        last if $self->{http}->get("$self->{base}/status")->{success};
    }

    # the body of a request goes after its header, and must not wait for it to
    # be acknowledged, which takes 40 ms

    my $handle = $self->{http}{handle};
    setsockopt $handle->{fh}, IPPROTO_TCP, TCP_NODELAY, 1 if $handle;

    my $session = $self->call(POST => '/session', {
        capabilities => { alwaysMatch => {
            browserName => 'chrome',
            'goog:loggingPrefs' => { browser => 'ALL' },
            'goog:chromeOptions' => {
                args => [@flags, "--user-data-dir=$dir/profile"],
            },
        } },
    });

    $self->{base} .= "/session/$session->{sessionId}";

    # to be found by audits, wherever the browser itself would be silent

    $self->cdp('Page.addScriptToEvaluateOnNewDocument', source => <<'EOF_JS');
window.violations = [];
addEventListener('securitypolicyviolation', e => violations.push(
    e.effectiveDirective + ' blocks ' + (e.blockedURI || 'inline')));
EOF_JS

    return $self;
}

# Runs a command in a session of processes that ends when this one does: who
# guards it reads a pipe that we hold, kills all of them at its end, and leaves
# nothing of them.

sub guarded {
    my ($self, $output, @command) = @_;

    pipe my $read, my $write or die "pipe: $!";
    my $pid = fork;
    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        close $write;
        $SIG{$_} = 'IGNORE' for qw(INT TERM HUP QUIT PIPE);
        my $child = fork;

        if (defined $child && $child == 0) {
            $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP QUIT PIPE);
            POSIX::setsid();
            $ENV{HOME} = $self->{dir};
            delete @ENV{grep { /^XDG_|^DBUS_|_proxy$/i } keys %ENV};
            open STDIN, '<', '/dev/null';
            open STDOUT, '>', $output;
            open STDERR, '>&', \*STDOUT;
            exec @command or POSIX::_exit(127);
        }

        open STDIN, '<', '/dev/null';
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';

        sysread $read, my $nothing, 1;

        kill 'KILL', $child if $child;

        while ($child and my @left = in_session($child)) {
            kill 'KILL', @left;
            sleep 0.05;
        }

        remove_tree($self->{dir}, { error => \my $gone });
        POSIX::_exit(0);
    }

    $self->{guard} = $pid;
    $self->{pipe} = $write;
}

# The processes of a session that have not ended.

sub in_session {
    my $session = shift;
    my @found;

    for my $file (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $file or next;
        my ($pid, $rest) = (<$in> // '') =~ /^(\d+) \(.*\) (.*)/s or next;
        my ($state, $is) = (split ' ', $rest)[0, 3];
        push @found, $pid if $is == $session && $state ne 'Z';
    }

    return @found;
}

sub stop {
    my $self = shift;
    my $guard = delete $self->{guard} or return;

    return if $self->{owner} != $$;

    $self->{http}->request(DELETE => $self->{base});
    close delete $self->{pipe};
    waitpid $guard, 0;
}

sub DESTROY {
    my $self = shift;
    local ($?, $@);
    $self->stop;
}

# One call of WebDriver's; its value. Dies of an error.

sub call {
    my ($self, $method, $path, $body) = @_;
    my $answer = $self->{http}->request($method, "$self->{base}$path", {
        headers => { 'Content-Type' => 'application/json' },
        defined $body ? (content => $json->encode($body)) : (),
    });
    my $value = eval { $json->decode($answer->{content})->{value} };

    die "$method $path: $answer->{status} "
        . (ref $value ? $value->{message} : $answer->{content}) . "\n"
        unless $answer->{success};

    return $value;
}

sub cdp {
    my ($self, $command, %params) = @_;
    return $self->call(POST => '/goog/cdp/execute',
                       { cmd => $command, params => \%params });
}

# Opens a page, and has it to itself: what was logged before is forgotten.

sub open {
    my ($self, $url) = @_;
    $self->log;
    $self->call(POST => '/url', { url => $self->{url} = $url });
}

# The value of a function's body in the page.

sub run {
    my ($self, $script, @args) = @_;
    return $self->call(POST => '/execute/sync',
                       { script => $script, args => \@args });
}

# Adds images and frames to the page and waits for all of them: [tag, URL,
# attributes] each. What they are then: the size of an image, undef if it is none;
# [] for a frame, which is left to be looked into. A frame with the attribute
# "copy" is of what is at the URL, and not of the URL: it shows what cannot be
# framed, to whoever could read it.

sub embed {
    my ($self, @all) = @_;
    return @{ $self->call(POST => '/execute/async', { script => <<'EOF_JS',
const [all, done] = arguments;
Promise.all(all.map(([tag, url, attributes]) => new Promise(async shown => {
    const el = document.createElement(tag);
    for (const name in attributes) el.setAttribute(name, attributes[name]);
    document.body.append(el);
    el.onload = () => shown(tag === 'img' ? [el.naturalWidth, el.naturalHeight]
                                          : []);
    el.onerror = () => shown(null);
    el.src = attributes.copy
        ? URL.createObjectURL(await (await fetch(url)).blob()) : url;
}))).then(done);
EOF_JS
        args => [[map { [$_->[0], $_->[1], $_->[2] // {}] } @all]] }) };
}

# What follows is about that frame of the page, or about the page again.

sub frame {
    my ($self, $index) = @_;
    $self->call(POST => '/frame', { id => $index });
}

# What is to be read on the page.

sub text {
    my $self = shift;
    return $self->run('return document.body.innerText');
}

sub log {
    my $self = shift;
    return @{ $self->call(POST => '/se/log', { type => 'browser' }) };
}

# What went wrong since the page was opened: errors and warnings in the console,
# requests that failed among them, and violations of its policy. The status of
# the page itself is for the caller to judge; and browsers look for an icon by
# themselves.

sub complaints {
    my $self = shift;
    my $failed = ' - Failed to load resource: the server responded with';
    my @console = grep { $_->{level} =~ /^(SEVERE|WARNING)$/ } $self->log;

    return (map({ "console: $_->{message}" }
                grep { $_->{message} !~ m{^(\Q$self->{url}\E|\S*/favicon\.ico)\Q$failed\E} }
                     @console),
            map({ "policy: $_" } @{ $self->run('return window.violations || []') }));
}

# The status of the page.

sub status {
    my $self = shift;
    return $self->run('return performance.getEntriesByType("navigation")[0]'
                      . '.responseStatus');
}

# What is wrong with how the page or frame is shown: see t/browser/audit.js.

my $audit;

sub script {
    return $audit //= do {
        CORE::open my $in, '<:utf8', 't/browser/audit.js' or die "audit.js: $!";
        local $/;
        <$in>;
    };
}

sub audit {
    my ($self, %is) = @_;
    return @{ $self->run(script(), $is{fixed} ? JSON::PP::true : JSON::PP::false) };
}

# The same of each frame of a page that may look into them.

sub audit_frames {
    my $self = shift;
    return @{ $self->run(script()) };
}

# How it is looked at: size in CSS pixels, scheme "light" or "dark", medium
# "screen" or "print". What is not given stays as it is.

sub look {
    my ($self, %how) = @_;

    if (my $size = $how{size}) {
        $self->cdp('Emulation.setDeviceMetricsOverride',
                   width => $size->[0], height => $size->[1],
                   deviceScaleFactor => 1, mobile => JSON::PP::false);
    }

    return unless $how{scheme} || $how{media};

    $self->{$_} = $how{$_} // $self->{$_} for qw(scheme media);
    $self->cdp('Emulation.setEmulatedMedia',
               media => $self->{media} // 'screen',
               features => [{ name => 'prefers-color-scheme',
                              value => $self->{scheme} // 'light' }]);
}

sub key {
    my ($self, $key) = @_;
    $self->cdp('Input.dispatchKeyEvent', type => $_, key => $key, code => $key,
               windowsVirtualKeyCode => { Tab => 9 }->{$key})
        for qw(rawKeyDown keyUp);
}

# What Tab comes to, in its order, by text: each has an outline that is seen.

sub focus {
    my $self = shift;
    my @found;

    while (@found < 100) {
        $self->key('Tab');
        my $at = $self->run(<<'EOF_JS') // last;
const el = document.activeElement;
if (!el || el === document.body || el === document.documentElement) return null;
const style = getComputedStyle(el);
window.focused ??= [];
if (focused.includes(el)) return null;
focused.push(el);
const seen = el.matches(':focus-visible') && (style.outlineStyle === 'auto'
    || style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2);
return (el.textContent.trim() || el.localName) + (seen ? '' : ': focus is not seen');
EOF_JS
        push @found, $at;
    }

    return @found;
}

# A PNG of the page, of all of its height, for people to look at.

sub screenshot {
    my ($self, $name) = @_;
    my $size = $self->cdp('Page.getLayoutMetrics')->{cssContentSize};
    my $png = $self->cdp('Page.captureScreenshot', format => 'png',
        captureBeyondViewport => JSON::PP::true,
        clip => { x => 0, y => 0, scale => 1, width => $size->{width},
                  height => $size->{height} > 8000 ? 8000 : $size->{height} });

    return keep("$name.png", decode_base64($png->{data}));
}

# The page on paper, and of how many sheets.

sub pdf {
    my ($self, $name) = @_;
    my $pdf = decode_base64($self->call(POST => '/print', {
        page => { width => 21, height => 29.7 },
        margin => { top => 1.2, bottom => 1.2, left => 1.2, right => 1.2 },
        background => JSON::PP::true,
    }));

    keep("$name.pdf", $pdf) if defined $name;

    return scalar(() = $pdf =~ m{/Type\s*/Page\b(?!s)}g);
}

sub keep {
    my ($name, $bytes) = @_;
    my $file = "build/screenshots/$name";

    make_path(dirname($file));
    CORE::open my $out, '>:raw', $file or die "$file: $!";
    print $out $bytes;
    close $out or die "$file: $!";

    return $file;
}

1;
