import type { Command } from '../frame/command.ts'
import { table } from '../frame/table.ts'

export const command: Command = {
  arguments: [],
  options: {},
  about: 'Load it with: source <(npx allod completion)',
  async run({ out }) {
    out.result({ shell: 'bash', script: script() }, script())
  },
}

function script(): string {
  const first = [...new Set(table.map((e) => e.name.split(' ')[0]))].join(' ')
  const nouns = [...new Set(table.filter((e) => e.name.includes(' ')).map((e) => e.name.split(' ')[0] ?? ''))]
  const cases = nouns.map((noun) => {
    const verbs = table.filter((e) => e.name.startsWith(`${noun} `)).map((e) => e.name.split(' ')[1])
    return `    ${noun}) words="${verbs.join(' ')}" ;;`
  })
  return [
    '_allod() {',
    '  COMPREPLY=()',
    // From a clone it is `npx allod …`; another package's npx is not ours to complete.
    '  local at=1 words=""',
    `  if [ "\${COMP_WORDS[0]##*/}" = npx ]; then`,
    `    if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W allod -- "\${COMP_WORDS[1]}")); return; fi`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
    '    [ "${COMP_WORDS[1]}" = allod ] || return',
    '    at=2',
    '  fi',
    `  if [ "$COMP_CWORD" -eq "$at" ]; then words="${first}"`,
    // Behind a command's own words come files and options, which are the shell's to complete.
    '  elif [ "$COMP_CWORD" -eq $((at + 1)) ]; then',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
    '  case "${COMP_WORDS[$at]}" in',
    ...cases,
    '  esac; fi',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[$COMP_CWORD]}"))',
    '}',
    'complete -o default -F _allod allod npx',
  ].join('\n')
}
