
/*
 * Copyright (C) The credverify authors
 *
 * The table of commands.
 */

#include "cv_cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>


static const cv_option_t  cv_help_options[] = {
    { "all", NULL, "every command in a line, for programs", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_init_options[] = {
    { "owner", "USER", "whom the store belongs to; as root: www-data", NULL },
    { "group", "GROUP", "which group it belongs to; the owner's", NULL },
    { "map-size", "SIZE", "the most it can hold, in bytes, K, M, G or T; 32G",
      NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_import_options[] = {
    { "dry-run", NULL, "check every line, write nothing", NULL },
    { "skip-invalid", NULL, "report wrong lines and go on", NULL },
    { "exclusive", NULL, "do not pause for others who write", NULL },
    { "emit-events", NULL, "send events of credentials and tokens, too", NULL },
    { "csv", NULL, "read comma-separated values, a header row first", NULL },
    { "class", "ID", "of CSV: whose credentials the rows are", NULL },
    { "map", "COLUMN=MEMBER,...", "of CSV: which column is which member",
      NULL },
    { "delimiter", ",|;|tab", "of CSV: what is between cells; ,", NULL },
    { "date-format", "FORMAT", "of CSV: as \"%d/%m/%Y\"; RFC 3339", NULL },
    { "issued_at", "DATE", "of CSV: when, where a row does not say", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_export_options[] = {
    { "kind", "KIND", "only records of one kind", NULL },
    { "secrets", NULL, "webhooks with what they sign by", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_backup_options[] = {
    { "force", NULL, "replace a file that is there", NULL },
    { "no-check", NULL, "do not verify what is written", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_restore_options[] = {
    { "replace", NULL, "put it in the place of a store, which is kept", NULL },
    { "no-check", NULL, "do not verify what is restored", NULL },
    { "map-size", "SIZE", "a larger one; the backup's", NULL },
    { "owner", "USER", "whom the store belongs to; as before", NULL },
    { "group", "GROUP", "which group it belongs to; as before", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_check_options[] = {
    { "no-openbadges", NULL, "do not say what is no Open Badge", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_inspect_options[] = {
    { "key", "FILE...", "a key that may have signed it", NULL },
    { "email", "ADDRESS", "say whether that is the recipient's", NULL },
    { "base", "URL", "where the badges are, as in nginx.conf; anywhere", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_create_options[] = {
    { "id", "ID", "what it is called; a random UUID", NULL },
    { "status", "draft|pending|issued", "what it begins as; draft", NULL },
    { "expires_at", "DATE|never", "when it ends; as its class says", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_erase_options[] = {
    { "yes", NULL, "do not ask", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_by_options[] = {
    { "by", "id|code|number|public-id|assertion",
      "what the argument is; id", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_issue_options[] = {
    { "number", "TEXT", "its number, if it has none yet", NULL },
    { "issued_at", "DATE", "the date on it; now", NULL },
    { "expires_at", "DATE|never", "when it ends; as its class says", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_revoke_options[] = {
    { "reason", "TEXT", "why; kept with the credential", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_token_options[] = {
    { "privacy", "full|masked", "what a bearer may see; full", NULL },
    { "days", "30|60|90", "how long it is good; 60", NULL },
    { "expires_at", "DATE|never", "until when it is good, instead", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_key_new_options[] = {
    { "brand", "BRAND", "what the key begins with: letters and digits", NULL },
    { "class", "live|test|badge", "what it is for; live", NULL },
    { "status", "active|pending", "what it begins as; active", NULL },
    { "scope", "SCOPE...", "what it may do; may be given again", NULL },
    { "origin", "ORIGIN...", "where it may come from; likewise", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_key_rotate_options[] = {
    { "grace", "DURATION", "how long the former one stays good; 24h", NULL },
    { "brand", "BRAND", "if another one, or there is none yet", NULL },
    { "class", "live|test|badge", "with a brand; live", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_key_list_options[] = {
    { "status", "NAME", "only those of this status", NULL },
    { "tier", "ID", "only those of this tier", NULL },
    { "owner", "TEXT", "only those of this owner", NULL },
    { "issuer", "ID", "only those bound to this issuer", NULL },
    { "limit", "N", "no more than so many", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_usage_options[] = {
    { "month", "YYYY-MM", "which month; this one", NULL },
    { "csv", NULL, "a table with a heading, without the totals", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_grant_options[] = {
    { "units", "N", "how many calls more", NULL },
    { "month", "YYYY-MM", "in which month; this one", NULL },
    { "set", NULL, "so many in all; 0 takes them back", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_reset_options[] = {
    { "window", "minute|hour|day|month", "only what this has; all", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_keygen_options[] = {
    { "bits", "N", "how long the key is, from 2048 to 4096; 2048", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_webhook_options[] = {
    { "event", "TYPE...", "what it gets; all; may be given again", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_webhook_rotate_options[] = {
    { "grace", "DURATION", "how long the former one signs, too; 24h", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_webhook_disable_options[] = {
    { "reason", "TEXT", "why, for people", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_replay_options[] = {
    { "event", "ID", "one, by its id", NULL },
    { "since", "DATE", "those from then on", NULL },
    { "dead", NULL, "those that could not be delivered", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_deliver_options[] = {
    { "once", NULL, "send what is due now, and end", NULL },
    { "timeout", "DURATION", "for a request in all, 1s to 30s; 30s", NULL },
    { "ca_file", "FILE", "whom to trust, in PEM; else the system's", NULL },
    { "smtp", "URL", "send mail by this server: smtp:// or smtps://", NULL },
    { "mail-from", "ADDRESS", "which it comes from", NULL },
    { "link", "URL", "where one is verified: {number}, {code}, {public_id}, {id}",
      NULL },
    { "views", "DIR", "where the view \"mail\" is; as nginx's default", NULL },
    { "smtp-tls", "required|offered|off", "whether to use TLS; required", NULL },
    { "smtp-login", "FILE", "a line with the user, and one with the password",
      NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_list_options[] = {
    { "limit", "N", "no more than so many", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_class_set_options[] = {
    { "image-file", "FILE|-", "its badges' image, PNG or SVG; \"\" removes it",
      NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_issuer_list_options[] = {
    { "issuer", "ID", "only those of this issuer", NULL },
    { "limit", "N", "no more than so many", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_people_list_options[] = {
    { "email", "ADDRESS", "only those with this address, in either case",
      NULL },
    { "limit", "N", "no more than so many", NULL },
    { NULL, NULL, NULL, NULL }
};

static const cv_option_t  cv_holder_list_options[] = {
    { "holder", "ID", "whose it is", NULL },
    { "limit", "N", "no more than so many", NULL },
    { NULL, NULL, NULL, NULL }
};


#define CV_SET_DETAILS                                                        \
    "One that is not there yet is made. An empty value removes a\n"           \
    "member; what is not named stays.\n"

#define CV_HISTORY_DETAILS                                                    \
    "A line an entry, the oldest first: when, by whom, what, and the\n"       \
    "status before and after, if it changed.\n"

#define CV_AGAIN  "Doing it again changes nothing.\n"

#define CV_NO_MEMBERS  CV_KINDS, NULL

const cv_command_t  cv_commands[] = {

    { "help", NULL, "[NOUN [VERB]]", 0, 2,
      "say what the commands do",
      NULL, cv_help_options, CV_NO_MEMBERS, cmd_help },

    { "init", NULL, NULL, 0, 0,
      "make an empty store",
      "Missing directories on the way to it are made too. A store needs\n"
      "a directory of its own: one that is there must be empty, and gets\n"
      "the store's owner and mode. The size is an upper bound: the file\n"
      "grows as it fills, and not beyond it.\n",
      cv_init_options, CV_NO_MEMBERS, cmd_init },

    { "import", NULL, "FILE|-", 1, 1,
      "read records from JSON lines",
      "A record whose id is known is replaced. Lines are written in\n"
      "batches; an error in one leaves its batch out, and says which\n"
      "line was the last that is in the store. Running again is safe.\n"
      "Others can read and write meanwhile. With --skip-invalid wrong\n"
      "lines are reported, counted and left out, and the command\n"
      "succeeds if all others were written.\n"
      "\n"
      "With --csv each row is a holder and a credential of the class.\n"
      "Members are holder.NAME, credential.NAME and attributes.NAME.\n",
      cv_import_options, CV_NO_MEMBERS, cmd_import },

    { "export", NULL, "[FILE|-]", 0, 1,
      "write all records as JSON lines",
      "What is written is one moment of the store, and goes to standard\n"
      "output unless a FILE is named. A file is replaced once it is\n"
      "complete, and only its owner may read it; nothing is left of one\n"
      "that is not. The kinds are issuer, class, holder, credential,\n"
      "token, tier, key, progress, oauth_client, webhook, sequence,\n"
      "usage, grant, assertion and image.\n",
      cv_export_options, CV_NO_MEMBERS, cmd_export },

    { "backup", NULL, "FILE|-", 1, 1,
      "copy the store to a file, at any time",
      "The file is a tar archive of one moment of the store, complete or\n"
      "not there. Only its owner may read it. One that is there already\n"
      "is replaced with --force only. What is written is verified as\n"
      "\"check\" does, for which it needs its size once more beside it; a\n"
      "damaged store makes no backup and replaces none. For - the archive\n"
      "is made in TMPDIR or /var/tmp, verified, and put out.\n",
      cv_backup_options, CV_NO_MEMBERS, cmd_backup },

    { "restore", NULL, "FILE|-", 1, 1,
      "make a store of a backup, or put it in the place of one",
      "The backup is verified first, as \"check\" does. A store that is\n"
      "there is replaced with --replace only: it is kept beside, under\n"
      "its name with \".old-\" and the time, and workers that serve it go\n"
      "over to the restored one within a second. Owner and modes stay\n"
      "what they were, and number sequences where they have come.\n",
      cv_restore_options, CV_NO_MEMBERS, cmd_restore },

    { "check", NULL, NULL, 0, 0,
      "verify every record, index entry, the audit trail and the counters",
      "Each contradiction is a line on standard error. Notes are no\n"
      "problems: they say which issuers, classes and issued credentials\n"
      "are no Open Badges, and what they lack. Of credentials they name\n"
      "five that lack the same, of the others 20.\n",
      cv_check_options, CV_NO_MEMBERS, cmd_check },

    { "stats", NULL, NULL, 0, 0,
      "say what the store holds",
      NULL, NULL, CV_NO_MEMBERS, cmd_stats },

    { "upgrade", NULL, NULL, 0, 0,
      "bring a store of an older version to this one's format",
      "It is done in one transaction. A store that has the format already\n"
      "stays as it is, but for the counters of API keys, which are made if\n"
      "there are none.\n",
      NULL, CV_NO_MEMBERS, cmd_upgrade },

    { "issuer", "set", "ID", 1, 1,
      "make or change an issuer",
      CV_SET_DETAILS, NULL,
      CV_ISSUER, " name url email description image ", cmd_record_set },

    { "issuer", "list", NULL, 0, 0,
      "list issuers",
      NULL, cv_list_options, CV_ISSUER, NULL, cmd_record_list },

    { "issuer", "show", "ID", 1, 1,
      "show an issuer",
      NULL, NULL, CV_ISSUER, NULL, cmd_record_show },

    { "issuer", "history", "ID", 1, 1,
      "show what was done to an issuer, and by whom",
      CV_HISTORY_DETAILS, NULL, CV_ISSUER, NULL, cmd_history },

    { "class", "set", "ID", 1, 1,
      "make or change a class of credentials",
      CV_SET_DETAILS
      "The file of --image-file is kept in the store: a PNG or an SVG,\n"
      "checked to be fit to be served. --image is a URL elsewhere.\n",
      cv_class_set_options,
      CV_CLASS, " issuer title description category category_title level "
      "level_label criteria image tags alignment valid_days number_format "
      "requires listed position ", cmd_class_set },

    { "class", "list", NULL, 0, 0,
      "list classes",
      NULL, cv_issuer_list_options, CV_CLASS, NULL, cmd_record_list },

    { "class", "show", "ID", 1, 1,
      "show a class",
      NULL, NULL, CV_CLASS, NULL, cmd_class_show },

    { "class", "history", "ID", 1, 1,
      "show what was done to a class, and by whom",
      CV_HISTORY_DETAILS, NULL, CV_CLASS, NULL, cmd_history },

    { "holder", "set", "ID", 1, 1,
      "make or change a holder",
      CV_SET_DETAILS, NULL,
      CV_HOLDER, " name display_name email organization wallet ",
      cmd_record_set },

    { "holder", "list", NULL, 0, 0,
      "list holders",
      NULL, cv_people_list_options, CV_HOLDER, NULL, cmd_record_list },

    { "holder", "show", "ID", 1, 1,
      "show a holder",
      NULL, NULL, CV_HOLDER, NULL, cmd_record_show },

    { "holder", "history", "ID", 1, 1,
      "show what was done to a holder, and by whom",
      CV_HISTORY_DETAILS, NULL, CV_HOLDER, NULL, cmd_history },

    { "holder", "erase", "ID", 1, 1,
      "remove a holder's personal facts, for good",
      "The holder gets a random id and keeps nothing else; credentials\n"
      "keep what a verdict needs: class, status, dates, handles, tokens.\n"
      "It asks, unless --yes is given, which it must be where standard\n"
      "input is no terminal. Exports and backups are not reached.\n",
      cv_erase_options, CV_HOLDER, NULL, cmd_holder_erase },

    { "credential", "create", "--class ID --holder ID", 0, 0,
      "make a credential of a class for a holder",
      "It is a draft unless --status says pending or issued; as issued,\n"
      "it gets the dates that \"credential issue\" would give it.\n",
      cv_create_options, CV_CREDENTIAL,
      " class holder issued_at score number code public_id test evidence "
      "narrative attributes created_at updated_at ",
      cmd_credential_create },

    { "credential", "pend", "ID", 1, 1,
      "mark a draft as pending",
      "A pending credential is known to who verifies it, and not good yet.\n"
      CV_AGAIN, NULL, CV_NO_MEMBERS, cmd_credential_move },

    { "credential", "issue", "ID", 1, 1,
      "issue a draft or pending credential",
      "A class with valid_days sets the expiry, if the credential has\n"
      "none.\n",
      cv_issue_options, CV_NO_MEMBERS, cmd_credential_issue },

    { "credential", "send", "ID", 1, 1,
      "send an issued credential to its holder by mail",
      "\"credverify deliver\" does that. Each time it is sent again. What has\n"
      "expired is not sent, nor is a test credential.\n",
      NULL, CV_NO_MEMBERS, cmd_credential_send },

    { "credential", "claim", "ID", 1, 1,
      "mark an issued credential as claimed",
      "What has expired cannot be claimed; what was claimed stays good.\n"
      CV_AGAIN, NULL, CV_NO_MEMBERS, cmd_credential_move },

    { "credential", "use", "ID", 1, 1,
      "mark an issued or claimed credential as used",
      "What has expired cannot be used, unless it was claimed before.\n"
      CV_AGAIN, NULL, CV_NO_MEMBERS, cmd_credential_move },

    { "credential", "refund", "ID", 1, 1,
      "mark a pending, issued or claimed credential as refunded",
      "What was used cannot be refunded.\n"
      CV_AGAIN, NULL, CV_NO_MEMBERS, cmd_credential_move },

    { "credential", "revoke", "ID", 1, 1,
      "revoke a credential, for good",
      "A draft cannot be revoked. Revoking it again changes nothing but\n"
      "the reason, if one is given; an empty one removes it.\n",
      cv_revoke_options, CV_NO_MEMBERS, cmd_credential_move },

    { "credential", "show", "ID", 1, 1,
      "show a credential and its verdict",
      NULL, cv_by_options, CV_CREDENTIAL, NULL, cmd_credential_show },

    { "credential", "history", "ID", 1, 1,
      "show what was done to a credential, and by whom",
      CV_HISTORY_DETAILS
      "A token is named by the beginning of its hash. A reason stands with\n"
      "the revocation that it is of.\n",
      cv_by_options, CV_CREDENTIAL, NULL, cmd_history },

    { "token", "new", "CREDENTIAL", 1, 1,
      "make a token, the secret part of a link",
      "If it cannot be written to standard output, it is removed again.\n",
      cv_token_options, CV_NO_MEMBERS, cmd_token_new },

    { "token", "list", "CREDENTIAL", 1, 1,
      "list the tokens of a credential by their hashes",
      "A line has the token's SHA-256, its privacy, when it was made, when\n"
      "it expires, and by which tag caches know the answers to who has it.\n",
      NULL, CV_TOKEN, NULL, cmd_record_list },

    { "token", "revoke", "CREDENTIAL HASH", 2, 2,
      "remove a token, so that its link is unknown",
      "HASH is what \"token list\" shows, or its first 8 digits or more.\n",
      NULL, CV_NO_MEMBERS, cmd_token_revoke },

    { "tier", "set", "ID", 1, 1,
      "make or change a tier of API keys",
      CV_SET_DETAILS
      "The limits are counts for a minute, hour, day and month, such as\n"
      "{\"minute\":60,\"month\":2000}.\n",
      NULL,
      CV_TIER, " limits overage_cents price_cents features ",
      cmd_record_set },

    { "tier", "list", NULL, 0, 0,
      "list tiers",
      NULL, cv_list_options, CV_TIER, NULL, cmd_record_list },

    { "tier", "show", "ID", 1, 1,
      "show a tier",
      NULL, NULL, CV_TIER, NULL, cmd_record_show },

    { "tier", "history", "ID", 1, 1,
      "show what was done to a tier, and by whom",
      CV_HISTORY_DETAILS, NULL, CV_TIER, NULL, cmd_history },

    { "key", "new", "ID", 1, 1,
      "make an API key",
      "Its text is shown once. If it cannot be written to standard output,\n"
      "the key is removed again.\n",
      cv_key_new_options, CV_KEY, " owner tier issuer expires_at ",
      cmd_key_new },

    { "key", "rotate", "ID", 1, 1,
      "give an API key another secret",
      "The former one stays good for a while, such as 30m, 24h or 7d; with\n"
      "0 it ends at once, as does one from before that. If the new one\n"
      "cannot be written to standard output, nothing has changed.\n",
      cv_key_rotate_options, CV_KEY, NULL, cmd_key_rotate },

    { "key", "approve", "ID", 1, 1,
      "make a pending or rejected API key active",
      CV_AGAIN, NULL, CV_KEY, NULL, cmd_key_step },

    { "key", "reject", "ID", 1, 1,
      "turn a pending API key down",
      CV_AGAIN, NULL, CV_KEY, NULL, cmd_key_step },

    { "key", "suspend", "ID", 1, 1,
      "stop an active API key for a while",
      CV_AGAIN, NULL, CV_KEY, NULL, cmd_key_step },

    { "key", "activate", "ID", 1, 1,
      "make a suspended API key active again",
      CV_AGAIN, NULL, CV_KEY, NULL, cmd_key_step },

    { "key", "revoke", "ID", 1, 1,
      "end an API key, for good",
      CV_AGAIN, NULL, CV_KEY, NULL, cmd_key_step },

    { "key", "list", NULL, 0, 0,
      "list API keys, by what people know them by",
      NULL, cv_key_list_options, CV_KEY, NULL, cmd_record_list },

    { "key", "show", "ID", 1, 1,
      "show an API key, but for its secret, and when it was used",
      "With --json it is what an export has.\n",
      NULL, CV_KEY, NULL, cmd_key_show },

    { "key", "history", "ID", 1, 1,
      "show what was done to an API key, and by whom",
      CV_HISTORY_DETAILS, NULL, CV_KEY, NULL, cmd_history },

    { "usage", NULL, NULL, 0, 0,
      "say what every API key used in a month, and what is due for it",
      "A month is closed an hour after its end, by this and by whatever\n"
      "writes keys or tiers, and is then as it was. Amounts are in cents.\n",
      cv_usage_options, CV_NO_MEMBERS, cmd_usage },

    { "quota", "grant", "KEY", 1, 1,
      "let an API key call more often in a month",
      "What was granted before stays, and is added to.\n",
      cv_grant_options, CV_KEY, NULL, cmd_quota_grant },

    { "quota", "reset", "KEY", 1, 1,
      "count an API key's calls from zero on",
      "It shows what was counted. A month that begins anew is billed so.\n",
      cv_reset_options, CV_KEY, NULL, cmd_quota_reset },

    { "quota", "explain", "KEY", 1, 1,
      "say what an API key may do now, and why not",
      NULL, NULL, CV_KEY, NULL, cmd_quota_explain },

    { "progress", "record", "--holder ID --class ID", 0, 0,
      "say how far a holder has come in a class",
      "Counts are absolute; one that is not given stays. The one that\n"
      "completes what the class requires issues the credential, once for\n"
      "a holder and class.\n",
      NULL, CV_PROGRESS, " holder class practice learn ",
      cmd_progress_record },

    { "progress", "list", "--holder ID", 0, 0,
      "list how far a holder has come",
      NULL, cv_holder_list_options, CV_PROGRESS, NULL, cmd_record_list },

    { "webhook", "add", "ID", 1, 1,
      "make a webhook, with a secret to sign by",
      "It gets what happens from now on: all of it, or what --event names.\n"
      "One of type purge is a cache: its URL has a \"{key}\" for what it keeps\n"
      "answers by, and lists as in \"{html,json}\" for all that there may be.\n"
      "Nothing that is sent to a cache is signed. Else a secret is made,\n"
      "and shown once. If that cannot be written to standard\n"
      "output, the webhook is removed again.\n",
      cv_webhook_options, CV_WEBHOOK, " url type issuer private ",
      cmd_webhook_add },

    { "webhook", "set", "ID", 1, 1,
      "change a webhook",
      "What is not named stays. An --event that is empty stands for all.\n"
      "With --url or --private, what waits is tried at once.\n",
      cv_webhook_options, CV_WEBHOOK, " url issuer private ",
      cmd_webhook_set },

    { "webhook", "list", NULL, 0, 0,
      "list webhooks, and what waits for each",
      NULL, cv_list_options, CV_WEBHOOK, NULL, cmd_webhook_list },

    { "webhook", "show", "ID", 1, 1,
      "show a webhook, but for its secrets, and what waits for it",
      NULL, NULL, CV_WEBHOOK, NULL, cmd_webhook_show },

    { "webhook", "rotate", "ID", 1, 1,
      "give a webhook another secret",
      "What is sent is signed with the former one, too, for a while, such\n"
      "as 24h or 7d; with 0 not any more. If the new one cannot be written\n"
      "to standard output, nothing has changed.\n",
      cv_webhook_rotate_options, CV_WEBHOOK, NULL, cmd_webhook_rotate },

    { "webhook", "enable", "ID", 1, 1,
      "let a disabled webhook have events again",
      "What waited when it was disabled is sent, at once; what happened\n"
      "since is not, unless it is replayed.\n",
      NULL, CV_WEBHOOK, NULL, cmd_webhook_enable },

    { "webhook", "disable", "ID", 1, 1,
      "send nothing to a webhook, and keep nothing new for it",
      "What waits already stays, and is sent once it is enabled again.\n"
      "What happens meanwhile does not wait. " CV_AGAIN, cv_webhook_disable_options,
      CV_WEBHOOK, NULL, cmd_webhook_disable },

    { "webhook", "remove", "ID", 1, 1,
      "forget a webhook, and what waits for it",
      NULL, NULL, CV_WEBHOOK, NULL, cmd_webhook_remove },

    { "webhook", "test", "ID", 1, 1,
      "send a webhook an event of its own, webhook.test",
      "It is behind what waits already.\n",
      NULL, CV_WEBHOOK, NULL, cmd_webhook_test },

    { "webhook", "dead", "ID", 1, 1,
      "list what could not be delivered to a webhook",
      NULL, cv_list_options, CV_WEBHOOK, NULL, cmd_webhook_dead },

    { "webhook", "retry", "ID", 1, 1,
      "try at once what waits for a webhook",
      "For a receiver that is repaired. The first that waits is due, after\n"
      "as many attempts as it had; the others follow when it has arrived.\n",
      NULL, CV_WEBHOOK, NULL, cmd_webhook_retry },

    { "webhook", "skip", "ID", 1, 1,
      "give up the first that waits for a webhook",
      "For one that holds up the others. It is a dead letter then, which\n"
      "\"credverify webhook dead\" lists, and \"replay\" sends again.\n",
      NULL, CV_WEBHOOK, NULL, cmd_webhook_skip },

    { "webhook", "replay", "ID", 1, 1,
      "send events to a webhook again",
      "One event; those since a time that it would have got, the oldest\n"
      "first; or what could not be delivered. What waits already does so\n"
      "once. Events are kept for 40 days.\n",
      cv_replay_options, CV_WEBHOOK, NULL, cmd_webhook_replay },

    { "webhook", "history", "ID", 1, 1,
      "show what was done to a webhook, and by whom",
      CV_HISTORY_DETAILS, NULL, CV_WEBHOOK, NULL, cmd_history },

    { "mail", "dead", NULL, 0, 0,
      "list what could not be sent by mail",
      "\"credverify credential send\" sends it again.\n",
      cv_list_options, CV_NO_MEMBERS, cmd_webhook_dead },

    { "deliver", NULL, NULL, 0, 0,
      "send what waits to webhooks and by mail, until it is stopped",
      "It stays in the foreground. Each webhook gets its events in order,\n"
      "one at a time, and none waits for another one. What fails is said,\n"
      "and tried again for three days. Ended by SIGTERM, it waits for the\n"
      "answers that are under way. There is one for a store; it closes\n"
      "months, too, and drops events that are older than 40 days.\n"
      "Mail waits until --smtp names a server. The status of --once is 0\n"
      "only if nothing that is to be delivered is left.\n",
      cv_deliver_options, CV_NO_MEMBERS, cmd_deliver },

    { "openbadges", "keygen", "FILE", 1, 1,
      "make a key that signs Open Badges",
      "FILE is the private key, which its owner only may read; FILE.pub\n"
      "beside it is the public one. What is there is never replaced. No\n"
      "store is needed.\n",
      cv_keygen_options, CV_NO_MEMBERS, cmd_openbadges_keygen },

    { "openbadges", "inspect", "FILE|-", 1, 1,
      "say whether an Open Badge is genuine and good",
      "FILE is a PNG or an SVG with an assertion baked in, a signed\n"
      "assertion, or one in JSON. It is shown, and compared with what\n"
      "the store says of it; nothing is fetched. The status is 0 only if\n"
      "it is genuine and good: a signed one needs --key, and --email, if\n"
      "it is given, must be the recipient's.\n",
      cv_inspect_options, CV_NO_MEMBERS, cmd_openbadges_inspect },

    { NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, CV_NO_MEMBERS, NULL }
};


/*
 * A standard descriptor that is closed would be given to the store's file,
 * and what is printed would go there.
 */

static void
cv_cli_descriptors(void)
{
    int  fd;

    for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) == -1) {
            /* the other way round, so that its use fails still */
            (void) open("/dev/null", fd == STDIN_FILENO ? O_WRONLY
                                                        : O_RDONLY);
        }
    }
}


/* a variable that is empty counts as none, as shells clear them */

static const char *
cv_cli_store_dir(const cv_cli_t *cli)
{
    const char  *dir;

    dir = cv_option(cli, "store");

    if (dir != NULL) {
        return dir;
    }

    dir = getenv(CV_CLI_STORE_ENV);

    return dir != NULL && *dir != '\0' ? dir : CV_CLI_STORE;
}


static int
cv_cli_run(cv_cli_t *cli)
{
    const cv_command_t  *command;

    command = cli->command;

    if (cv_option(cli, "version") != NULL) {
        cv_buf_printf(&cli->out.buf, "credverify %s\n", CV_VERSION);
        return CV_CLI_DONE;
    }

    if (cv_option(cli, "help") != NULL) {
        return command != NULL ? cv_help_command(cli)
               : cli->noun != NULL ? cv_help_noun(cli, cli->noun)
                                   : cv_help_overview(cli);
    }

    if (command == NULL) {
        return cli->noun != NULL
               ? cv_cli_misuse(cli, "%s: what to do with it is missing",
                               cli->noun)
               : cv_cli_misuse(cli, "a command is missing");
    }

    if (cli->narguments < command->least) {
        return cv_cli_misuse(cli, "%s is expected", command->arguments);
    }

    return command->run(cli);
}


int
main(int argc, char **argv)
{
    int       rc;
    cv_cli_t  cli;

    cv_cli_descriptors();

    (void) umask(007);
    (void) signal(SIGPIPE, SIG_IGN);

    memset(&cli, 0, sizeof(cv_cli_t));
    cli.after = "";
    cv_out_init(&cli.out, STDOUT_FILENO, "standard output");

    rc = cv_options_parse(&cli, argc, argv);

    cli.store_dir = cv_cli_store_dir(&cli);
    cli.json = cv_option(&cli, "json") != NULL;

    if (rc == CV_CLI_DONE && *cli.store_dir == '\0') {
        rc = cv_cli_misuse(&cli, "--store: no directory's name");
    }

    if (rc == CV_CLI_DONE) {
        rc = cv_cli_run(&cli);
    }

    if (!cv_out_flush(&cli.out)) {
        rc = cv_cli_fail(&cli, "%s: %s%s", cli.out.name,
                         strerror(cli.out.failed), cli.after);
    }

    cv_out_free(&cli.out);

    return rc;
}
