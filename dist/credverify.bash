# bash completion of credverify. All of it is what the command says of itself:
# commands are from "help --all", options, values and arguments from the help
# of each.

# Fills "takes", what each option takes, "expects", the arguments, and "kinds"
# from the help of the command $2 of the program $1.

_credverify_learn()
{
    local line command text=
    local option='^  (--[a-z0-9-]+)( ([^ ]+))?(  |$)'

    IFS=' ' read -ra command <<< "$2"
    takes=()
    expects=()

    while IFS= read -r line; do

        if [[ $line =~ $option ]]; then
            takes[${BASH_REMATCH[1]}]=${BASH_REMATCH[3]}

        elif [[ $line == "Usage: "*" $2 "* && $line != *" $2 "*--* ]]; then
            line=${line#*" $2 "}
            IFS=' ' read -ra expects <<< "${line#\[OPTIONS\]}"
        fi

        text+="$line "
    done < <("$1" "${command[@]}" --help 2>/dev/null)

    [[ $text =~ "The kinds are "([^.]*) ]]
    kinds=${BASH_REMATCH[1]-}
    kinds=${kinds//,/}
    kinds=${kinds/ and / }
}

# Adds what "compgen $@" finds that begins with the current word.

_credverify_add()
{
    local word

    while IFS= read -r word; do
        COMPREPLY+=("$prefix$word")
    done < <(compgen "$@" -- "$cur")
}

# Adds the values of "full|masked", "DATE|never" or "[FILE|-]".

_credverify_add_values()
{
    local value values

    IFS='|' read -ra values <<< "${1//[][]/}"

    for value in "${values[@]}"; do
        case $value in
            FILE)             compopt -o filenames; _credverify_add -f ;;
            DIR)              compopt -o filenames; _credverify_add -d ;;
            USER)             _credverify_add -u ;;
            GROUP)            _credverify_add -g ;;
            KIND)             _credverify_add -W "$kinds" ;;
            *[[:upper:]]*|-)  ;;
            *)                _credverify_add -W "$value" ;;
        esac
    done 2>/dev/null
}

# Adds the nouns, or the verbs of the noun $1.

_credverify_add_commands()
{
    local line words=' '

    while IFS= read -r line; do
        line=${line%%  *}

        if [[ $1 && $line == "$1 "* ]]; then
            words+="${line#"$1 "} "

        elif [[ -z $1 && $words != *" ${line%% *} "* ]]; then
            words+="${line%% *} "
        fi
    done <<< "$all"

    _credverify_add -W "$words"
}

_credverify()
{
    local program=${1/#\~\//$HOME/} cur=${COMP_WORDS[COMP_CWORD]}
    local all i word next noun='' name='' option='' ended='' prefix=''
    local given=() expects=() kinds=''
    local -A takes=()

    COMPREPLY=()
    all=$("$program" help --all 2>/dev/null) || return 0
    _credverify_learn "$program" ''

    for (( i = 1; i < COMP_CWORD; i++ )); do
        word=${COMP_WORDS[i]}
        next=${COMP_WORDS[i + 1]}

        if [[ -z $ended && $word == -- ]]; then
            ended=yes

        elif [[ -z $ended && $word == --* ]]; then

            # readline has cut "--name=value" into three

            if [[ $next == = ]]; then
                (( ++i == COMP_CWORD )) && cur=
                (( ++i >= COMP_CWORD )) && option=$word

            elif [[ ${takes[$word]-} && ( ${takes[$word]} != '['*
                    || $next == true || $next == false ) ]]
            then
                (( ++i == COMP_CWORD )) && option=$word
            fi

        elif [[ $name ]]; then
            given+=("$word")

        elif [[ $noun ]]; then
            name="$noun $word"
            _credverify_learn "$program" "$name"

        else
            noun=$word

            if [[ $'\n'$all == *$'\n'"$noun  "* ]]; then
                name=$noun
                _credverify_learn "$program" "$name"
            fi
        fi
    done

    if [[ -z $ended && $cur == --*=* ]]; then
        option=${cur%%=*}
        prefix=$option=
        cur=${cur#*=}
    fi

    if [[ $option ]]; then
        _credverify_add_values "${takes[$option]-}"

    elif [[ -z $ended && $cur == -* ]]; then
        _credverify_add -W "${!takes[*]}"

    elif [[ -z $name ]]; then
        _credverify_add_commands "$noun"

    elif [[ $name == help ]]; then
        (( ${#given[@]} < 2 )) && _credverify_add_commands "${given[0]-}"

    elif [[ ${expects[${#given[@]}]-} ]]; then
        _credverify_add_values "${expects[${#given[@]}]}"

    elif [[ -z $ended ]]; then
        _credverify_add -W "${!takes[*]}"
    fi

    return 0
}

complete -F _credverify credverify
