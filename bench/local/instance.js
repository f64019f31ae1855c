/** The instance: sends back what has an id. `instance.js <channel> [path]`. */
import { farEnd } from './channels.js'

const end = await farEnd(process.argv[2] ?? '')
end.receive((message) => {
  if (message.id !== undefined) end.send(message)
})
