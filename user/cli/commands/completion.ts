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
    '  local words=""',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
    '  local current="${COMP_WORDS[COMP_CWORD]}"',
    `  if [ "$COMP_CWORD" -eq 1 ]; then words="${first}"; else`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
    '  case "${COMP_WORDS[1]}" in',
    ...cases,
    '  esac; fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -o default -F _allod allod',
  ].join('\n')
}
