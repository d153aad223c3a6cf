# credverify_status with several workers: what is counted is exact, whatever
# happens to them, and what the examples ask for is there.

use strict;
use warnings;

use lib 't/lib';
use Cwd qw(getcwd);
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);
use Credverify;
use LiveNginx;
use OpenMetrics;

my $root = getcwd();
my $store = Credverify::store();
my $folder = Credverify::folder();

# Views that differ by name only.

mkdir "$folder/views", 0755 or die $!;
symlink "$Credverify::views/native", "$folder/views/$_" or die $! for 'a' .. 'd', map { "n$_" } 1 .. 70;

my $metrics = 'location = /m { credverify_status; }';

sub location {
    my ($view) = @_;
    return "location = /$view { credverify_view $view; credverify_verify token=\$arg_token;
        add_header X-Worker \$pid; }\n";
}

sub serve {
    my (%is) = @_;
    my $served = $is{store} || $store;
    return LiveNginx->start(server => join "\n", "credverify_store $served; credverify_views $folder/views;",
                            'keepalive_requests 1000000; location / { return 404; }',
                            $metrics, map { location($_) } @{$is{views}});
}

# Another server block for the same nginx; its workers then are new.

sub reload {
    my ($nginx, $change) = @_;
    my %old = map { $_ => 1 } $nginx->workers;

    if ($change) {
        local $_ = $nginx->slurp($nginx->{conf});
        $change->();
        open my $file, '>', $nginx->{conf} or die $!;
        print $file $_;
        close $file or die $!;
    }

    $nginx->signal('HUP');

    for (1 .. 200) {
        my @now = $nginx->workers;
        return if @now && !grep { $old{$_} } @now;
        sleep 0.05;
    }

    die 'the old workers remain';
}

sub scrape {
    my $nginx = shift;
    my ($status, $body) = $nginx->get('/m');
    is($status, 200, 'metrics');
    is(join("\n", metrics_problems($body)), '', 'well-formed');
    return metrics_values($body);
}

# What was answered, and was not 0: "view reason status" => count.

sub counted {
    my $values = shift;
    my %counted;

    for (keys %$values) {
        my @of = /^credverify_verifications_total\{view="(.*)",reason="(\w+)",status="(\w+)"\}$/ or next;
        $counted{"@of"} = $values->{$_} if $values->{$_};
    }

    return \%counted;
}

# Clients that ask at the same time, each until it has sent so many or so many
# seconds have passed; how many answers of each kind they had, and of whom.

my @asked = (['valid', 200], ['valid', 304], ['revoked', 200], ['unknown', 404, 'not_found'], ['pending', 200]);

sub clients {
    my ($nginx, $clients, $requests, $seconds, $meanwhile, @views) = @_;
    my (@pipes, %sum, %workers);

    for my $client (1 .. $clients) {
        pipe my $reader, my $writer or die $!;
        my $pid = fork;
        die "fork: $!" unless defined $pid;

        if ($pid == 0) {
            my ($until, %mine) = (time + $seconds);

            for (my $i = $client; $i < $client + $requests && time < $until; $i++) {
                my ($name, $expected, $reason) = @{$asked[$i % @asked]};
                my $view = $views[$i / @asked % @views];
                my ($status, $body, $head) = $nginx->get("/$view?token=" . Credverify::token($name),
                    headers => $expected == 304 ? ['If-None-Match: *'] : []);

                $mine{"$view " . ($reason // $name) . " $status"}++;
                $mine{"worker $1"}++ if $head =~ /^X-Worker: (\d+)/m;
            }

            print $writer map { "$_ $mine{$_}\n" } keys %mine;
            close $writer;
            require POSIX;
            POSIX::_exit(0);
        }

        close $writer;
        push @pipes, [$pid, $reader];
    }

    $meanwhile->() if $meanwhile;

    for (@pipes) {
        my ($pid, $reader) = @$_;

        while (<$reader>) {
            /^worker (\d+)/ ? $workers{$1}++ : /^(.*) (\d+)$/ && ($sum{$1} += $2);
        }

        waitpid $pid, 0;
    }

    return (\%sum, scalar keys %workers);
}

subtest 'two workers, four clients' => sub {
    my $nginx = serve(views => ['a', 'b']);
    my ($sum, $workers) = clients($nginx, 4, 500, 60, undef, 'a', 'b');
    my $total = 0;

    $total += $_ for values %$sum;
    is($total, 2000, 'all have been answered');
    is($workers, 2, 'by two workers');
    is(scalar keys %$sum, 10, 'in ten ways');
    is_deeply(counted(scrape($nginx)), $sum, 'and every one was counted') for 1 .. 10;

    my ($worker) = $nginx->workers;
    kill 'KILL', $worker;
    sleep 0.1 while kill 0, $worker;

    my ($more) = clients($nginx, 4, 50, 60, undef, 'a', 'b');
    $sum->{$_} += $more->{$_} for keys %$more;

    is_deeply(counted(scrape($nginx)), $sum, 'a worker that is killed takes none along');
};

# As fast as it goes: answers come in pipelines, from two workers at once, and
# all add to the same counter.

subtest 'two workers at one counter' => sub {
    my $nginx = serve(views => ['a']);
    my ($pipelines, $length) = (500, 200);
    my $request = 'GET /a?token=' . Credverify::token('valid') . " HTTP/1.1\r\nHost: t\r\n\r\n";
    my ($sent, %by) = (0);

    # nginx gives each connection to either worker: more until both have two

    until (keys %by == 2 && !grep { @$_ < 2 } values %by) {
        my $socket = $sent < 500 && $nginx->connect or die 'no connection to either worker';
        my $answer = '';

        print $socket $request;
        sysread $socket, $answer, 65536;
        $answer =~ /^X-Worker: (\d+)/m or die $answer;
        push @{$by{$1}}, $socket;
        $sent++;
    }

    my @clients = map {
        my $sockets = $_;
        my $pid = fork // die "fork: $!";

        if ($pid == 0) {
            for (1 .. $pipelines) {
                my $socket = $sockets->[$_ % @$sockets];
                my ($got, $answers) = (0, ' ' x 11);

                print $socket $request x $length;

                while ($got < $length) {
                    sysread $socket, my $some, 1 << 20 or last;
                    $answers = substr($answers, -11) . $some;
                    $got += () = $answers =~ m{HTTP/1\.1 200}g;
                }
            }

            require POSIX;
            POSIX::_exit(0);
        }

        $pid
    } values %by;

    waitpid $_, 0 for @clients;

    is_deeply(counted(scrape($nginx)), { 'a valid 200' => $sent + 2 * $pipelines * $length },
              'none got lost');
};

subtest 'reloads under load' => sub {
    my $nginx = serve(views => ['a', 'b']);
    my ($sum, $workers) = clients($nginx, 4, 1_000_000, 6, sub {
        for (1 .. 20) {
            sleep 0.25;
            $nginx->signal('HUP');
        }
    }, 'a', 'b');

    my $total = 0;
    $total += $_ for values %$sum;

    cmp_ok($total, '>', 200, "$total answers over 20 reloads");
    cmp_ok($workers, '>', 4, "by $workers workers");
    is(scalar keys %$sum, 10, 'none of them missing');
    is_deeply(counted(scrape($nginx)), $sum, 'and every one was counted, once');
    unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');
};

subtest 'views that come and go' => sub {
    my $nginx = serve(views => ['b', 'c']);
    my $get = sub { $nginx->status("/$_[0]?token=" . Credverify::token('valid')) };

    $get->('b') for 1 .. 2;
    $get->('c') for 1 .. 3;

    my ($b, $c) = (location('b'), location('c'));
    my %is = ('b valid 200' => 2, 'c valid 200' => 3);

    is_deeply(counted(scrape($nginx)), \%is, 'counted');

    reload($nginx, sub { s/\Q$b/location('a')/e or die });
    $get->('a');
    $get->('c');
    is($get->('b'), 404, 'gone');
    is_deeply(counted(scrape($nginx)), { %is, 'a valid 200' => 1, 'c valid 200' => 4 },
              'one goes, one comes, before those that were');

    reload($nginx, sub { s/\Q$c/$c$b/ or die });
    $get->('b');
    is_deeply(counted(scrape($nginx)), { 'a valid 200' => 1, 'b valid 200' => 3, 'c valid 200' => 4 },
              'one comes back');

    reload($nginx, sub { s/\Q$metrics// or die });
    is($nginx->status('/m'), 404, 'no metrics');
    $get->('b');

    reload($nginx, sub { s/\Q$c/$metrics\n$c/ or die });
    $get->('b');
    is_deeply(counted(scrape($nginx)), { 'b valid 200' => 1 }, 'which begin anew');

    is($nginx->stop, 0, 'nginx ends well');
    unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');
};

subtest 'more views than there is room for' => sub {
    my $nginx = serve(views => ['a', map { "n$_" } 1 .. 65]);
    my %is = ('a valid 200' => 1, 'other valid 200' => 3, map { ("n$_ valid 200" => 1) } 1 .. 62);

    $nginx->status("/$_?token=" . Credverify::token('valid')) for 'a', map { "n$_" } 1 .. 65;
    is_deeply(counted(scrape($nginx)), \%is, 'the last ones are counted together');

    my @said = $nginx->errors =~ /\[warn\].*more than 63 names of views were used, "(n\d+)" is counted as "other"/g;
    is("@said", 'n63 n64 n65', 'and nginx says so') or diag $nginx->errors;

    reload($nginx, sub { s/\Q@{[location('n1')]}/location('n66')/e or die });
    $nginx->status("/$_?token=" . Credverify::token('valid')) for 'n66', 'n2', 'n65';
    is_deeply(counted(scrape($nginx)), { %is, 'other valid 200' => 5, 'n2 valid 200' => 2 },
              'a name that is no longer used is not given to another');
};

subtest 'a store that goes and comes back' => sub {
    my $lost = Credverify::store();
    my $nginx = serve(store => $lost, views => ['a']);
    my $up = "credverify_store_up{store=\"$lost\"}";
    my $failed = sub { qq(credverify_unavailable_total{view="a",cause="$_[0]"}) };
    my $path = '/a?token=' . Credverify::token('valid');
    my $valid = qq(credverify_verifications_total{view="a",reason="valid",status="200"});
    my $unavailable = qq(credverify_verifications_total{view="a",reason="store_unavailable",status="503"});

    is($nginx->status($path), 200, 'there');
    is(scrape($nginx)->{$up}, 1, 'up');

    rename $lost, "$lost.old" or die $!;
    sleep 2.2;
    is($nginx->status($path), 503, 'gone') for 1 .. 3;

    my $values = scrape($nginx);
    is($values->{$up}, 0, 'down');
    is_deeply([grep { /\{store=/ } keys %$values], [$up], 'and nothing else is known of it');
    is($values->{$failed->('missing')}, 3, 'why');
    is($values->{$unavailable}, 3, 'as often as it was said');

    rename "$lost.old", $lost or die $!;
    is($nginx->becomes($path, 200), 200, 'there again');
    sleep 1.2;
    is(scrape($nginx)->{$up}, 1, 'up again') for 1 .. 4;

    truncate "$lost/data.mdb", 8192 or die $!;
    $values = scrape($nginx);
    is($nginx->status($path), 503, 'damaged') for 1 .. 5;

    my $then = scrape($nginx);
    is($then->{$up}, 0, 'down');
    is($then->{$failed->('damaged')} - $values->{$failed->('damaged')}, 5, 'why');
    cmp_ok($then->{$valid}, '>=', 2, 'and what was valid is still counted');
    unlike($nginx->errors, qr/\[(alert|crit|emerg)\]/, 'nobody died');
};

subtest 'the examples' => sub {
    my $prefix = Credverify::folder();
    my $conf = do { local (@ARGV, $/) = "$root/conf-examples/status.conf"; <> };

    mkdir "$prefix/var" or die $!;
    symlink "$root/$_", "$prefix/$_" or die "$_: $!" for qw(build conf-examples);
    Credverify::run("$prefix/var/store", undef, 'init', '--map-size', '64M') or die;
    Credverify::run("$prefix/var/store", join("\n", Credverify::lines(), ''), 'import', '-') or die;

    $conf =~ s/^user .*//m unless $> == 0;
    $conf =~ s/^load_module.*//m if ($ENV{TEST_NGINX_LOAD_MODULES} // 'x') eq '';
    $conf =~ s/127\.0\.0\.1:8080/unix:$prefix\/public.sock/ or die;
    $conf =~ s/127\.0\.0\.1:9145/127.0.0.1:\@PORT\@/ or die;

    my $nginx = LiveNginx->start(conf => $conf, prefix => $prefix, log => 'var/error.log');
    my ($status, $body) = $nginx->get('/metrics');

    is($status, 200, 'metrics of status.conf');
    is(join("\n", metrics_problems($body)), '', 'well-formed');
    is($nginx->status('/health'), 200, 'and health');

    my $families = metrics_families($body);

    # a query's metrics, and the labels that it selects and groups by

    my $outcomes = do { local (@ARGV, $/) = "$root/src/domain/cv_outcome.c"; <> };

    my $check = sub {
        my ($query, $where) = @_;
        my %labels = (instance => 1, job => 1);
        my $without = $query =~ s/"[^"]*"//gr;
        my @metrics = $without =~ /\b((?:credverify_|up\b)\w*)/g;

        ok(scalar @metrics, "$where: metrics");

        for (@metrics) {
            next if $_ eq 'up';
            ok($families->{$_}, "$where: there is $_") or next;
            $labels{$_} = 1 for keys %{$families->{$_}};
        }

        my @used = ((map { split /\s*,\s*/ } $without =~ /\bby\s*\(([^)]*)\)/g),
                    $without =~ /[{,]\s*(\w+)\s*(?:=~|!~|!=|=)/g);
        is(join(' ', grep { !$labels{$_} } @used), '', "$where: labels");

        for my $reasons ($query =~ /reason=~?"([^"]*)"/g) {
            ok($outcomes =~ /"\Q$_\E"/, "$where: there is the reason $_") for split /\|/, $reasons;
        }
    };

    my $dashboard = decode_json(do { local (@ARGV, $/) = "$root/conf-examples/grafana.json"; <> });
    my (%ids, %variables, $panels);

    for my $variable (@{$dashboard->{templating}{list}}) {
        $variables{$variable->{name}} = 1;
        next if $variable->{type} ne 'query';
        my ($query, $label) = $variable->{query}{query} =~ /^label_values\((.*), (\w+)\)$/;
        $check->("sum by ($label) ($query)", "variable $variable->{name}");
    }

    ok($variables{datasource}, 'the data source is a variable');

    for my $panel (@{$dashboard->{panels}}) {
        ok(!$ids{$panel->{id}}++, "$panel->{title}: an id of its own");
        next if $panel->{type} eq 'row';
        $panels++;

        for ($panel, @{$panel->{targets}}) {
            is_deeply($_->{datasource}, { type => 'prometheus', uid => '${datasource}' }, "$panel->{title}: data source");
        }

        for my $target (@{$panel->{targets}}) {
            $check->($target->{expr}, $panel->{title});
            is(join(' ', grep { !$variables{$_} && $_ ne '__rate_interval' } $target->{expr} =~ /\$(\w+)/g), '',
               "$panel->{title}: variables");
        }
    }

    is($panels, 17, 'panels');

    my $rules = do { local (@ARGV, $/) = "$root/conf-examples/prometheus-rules.yml"; <> };
    my %alerts = $rules =~ /- alert: (\w+)\n +expr: (.*?)\n +for:/sg;

    is(scalar keys %alerts, 8, 'alerts');
    $check->($alerts{$_}, $_) for sort keys %alerts;

    # what is capped shows as refusals
    like($alerts{CredverifyGuessing}, qr/reason=~"not_found\|rate_limited"/, 'guesses that are refused');
};

subtest 'what is not well-formed is found' => sub {
    my ($status, $good) = serve(views => ['a'])->get('/m');

    is(join("\n", metrics_problems($good)), '', 'all of it is');

    my %wrong = (
        'no end' => sub { s/# EOF\n// },
        'more after the end' => sub { s/\z/# EOF\n/ },
        'CRLF' => sub { s/\n/\r\n/ },
        'an empty line' => sub { s/\n/\n\n/ },
        'no type' => sub { s/^# TYPE credverify_store_up.*\n//m },
        'another type' => sub { s/^# TYPE credverify_store_up gauge/# TYPE credverify_store_up counter/m },
        'a suffix that is missing' => sub { s/verifications_total/verifications/ },
        'another unit' => sub { s/^# UNIT (\S+) bytes/# UNIT $1 byte/m },
        'a quote' => sub { s/store="/store="a"b/ },
        'a line twice' => sub { s/^(credverify_store_up.*\n)/$1$1/m },
        'a label twice' => sub { s/,kind="issuer"/,store="x"/ },
        'another label' => sub { s/,kind="issuer"/,art="issuer"/ },
        'a family in two places' => sub { s/^# EOF/credverify_build_info{version="2"} 1\n# EOF/m },
        'a type afterwards' => sub { s/^# EOF/# TYPE credverify_build info\n# EOF/m },
        'less than nothing' => sub { s/^(credverify_unavailable_total\{.*\}) 0/$1 -1/m },
        'no number' => sub { s/^(credverify_store_up\{.*\}) 1/$1 yes/m },
        'no UTF-8' => sub { s/store="/store="\xff/ },
    );

    for my $what (sort keys %wrong) {
        local $_ = $good;
        $wrong{$what}->();
        isnt($_, $good, "$what: done");
        isnt(join("\n", metrics_problems($_)), '', "$what: found");
    }
};

done_testing;
