// Reads [{file, text}] as JSON from its argument, prints what lint says of each text if it stood in that file.
import { ESLint } from 'eslint'

const eslint = new ESLint({ cwd: process.cwd() })
const findings = []
for (const { file, text } of JSON.parse(process.argv[2] ?? '[]')) {
  const [result] = await eslint.lintText(text, { filePath: file })
  findings.push(result?.messages.map(({ ruleId, message }) => ({ ruleId, message })) ?? [])
}
process.stdout.write(JSON.stringify(findings))
