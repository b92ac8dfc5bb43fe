export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * What teaches a shell to complete the command. They ask the command itself, which prints what kind of thing comes
 * next and then one candidate a line; so they never get out of step with it.
 */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_paddock() {
  local -a out
  local cur="\${COMP_WORDS[COMP_CWORD]}" line
  COMPREPLY=()
  mapfile -t out < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case "\${out[0]-}" in
    dirs) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    files)
      compopt -o filenames
      if [[ $cur == @* ]]; then mapfile -t COMPREPLY < <(compgen -P @ -f -- "\${cur#@}")
      else mapfile -t COMPREPLY < <(compgen -f -- "$cur"); fi ;;
    values) for line in "\${out[@]:1}"; do COMPREPLY+=("\${line%%$'\\t'*}"); done ;;
  esac
}
complete -F _paddock paddock
`,
  zsh: `#compdef paddock
_paddock() {
  local -a out candidates
  local line
  out=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case "\${out[1]}" in
    dirs) _files -/ ;;
    files) compset -P '@'; _files ;;
    values)
      for line in "\${(@)out[2,-1]}"; do
        candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
      done
      _describe -t commands paddock candidates ;;
  esac
}
if [[ "\${funcstack[1]}" = _paddock ]]; then _paddock "$@"; else compdef _paddock paddock; fi
`,
  fish: `function __paddock_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct)
  set -l out (command $before[1] __complete -- $before[2..-1] "$current" 2>/dev/null)
  switch "$out[1]"
    case dirs
      __fish_complete_directories "$current"
    case files
      __fish_complete_path "$current"
    case values
      printf '%s\\n' $out[2..-1]
  end
end
complete -c paddock -f -a '(__paddock_complete)'
`,
};
