/** Words from which fictional companies are made up. */
const split = (text: string): readonly string[] => text.trim().split(/\s+/)
const phrases = (text: string): readonly string[] => text.split(',').map((s) => s.trim().replace(/\s+/g, ' '))

export const FIRST_NAMES = split(`
Ines Tom Mei Ravi Anna Luis Sara Igor Jane Omar Eva Paul Nina Hugo Lena Marco Ada Felix Rosa Viktor Clara Jonas Emma
Oscar Maria Daniel Alice Peter Laura Simon Helen Martin Julia Thomas Ruth David Nora Adam Irene Samuel Olga Frank
Vera Robert Marta Henry Diana Louis Sofia Walter Grace Edward Ivy George Elsa Arthur Rita Bruno Greta Carl Hanna Erik
Iris Fred Judith Georg Karen Harold Linda Ivan Magda Jacob Nadia Karl Petra Leon Rachel Max Sonja Niels Tanya Otto
Ursula Philip Wanda Ralph Yvonne Stefan Zoe Theo Agnes Victor Beatrice William Cecilia Yusuf Dora Amir Edith Boris
Flora Cyril Gina Dmitri Hilda Elias Ilse Farid Joan Gavin Katrin Hamid Lydia Isaac Miriam Jamal Naomi Kenji Paula
Lars Renata Milan Silvia Nigel Thea Oleg Vanessa Pablo Wilma Quentin Xenia Rafael Abigail Stanley Bridget Tariq Celia
Umberto Doris Vincent Esther Wesley Fiona Anton Gloria Basil Heidi Conrad Isabel Derek Jessica Emil Kate`)

export const SURNAMES = split(`
Vidal Okafor Tanaka Nair Kowal Prado Holm Petrov Doyle Said Lind Roy Marsh Weber Rossi Novak Silva Berg Costa Fischer
Moreau Jansen Keller Brandt Larsen Moretti Fuchs Ortega Quinn Reyes Sato Turner Ueda Vogel Walsh Young Zeller Adler
Bauer Carter Dietrich Ellis Foster Garner Hayes Ingram Jarvis Klein Lambert Mason Nolan Osborne Palmer Quick Ramsey
Sutton Thorne Underhill Vance Whitaker Yates Zimmer Abbott Barlow Chandler Dalton Emerson Fletcher Graves Hammond
Iverson Jennings Kendall Lowell Mercer Norris Oakley Porter Randall Sawyer Tucker Upton Vaughn Webster Archer Benson
Coleman Dixon Everett Fleming Gibson Harper Irving Jordan Knight Lawson Monroe Newton Olsen Parker Reed Stone Tyler
Ulrich Vargas Wagner Alvarez Bianchi Conti Duarte Esposito Ferrari Gallo Haddad Ito Jovanovic Kaya Lopez Mancini
Nakamura Ozturk Pereira Romano Schmidt Takeda Ivanov Watanabe Yilmaz Zhang Ashby Birch Cobb Drake Elgin Frost`)

/** Proper words that name machines, products, rooms and ships. */
export const PROPER_WORDS = split(`
Kestrel Orchid Falcon Maple Cobalt Juniper Quartz Willow Saffron Topaz Heron Amber Badger Cedar Dahlia Ember Fennel
Garnet Hazel Indigo Jasper Kingfisher Laurel Magnolia Nettle Onyx Puffin Raven Sable Thistle Umber Violet Walnut
Yarrow Zephyr Acorn Beacon Comet Dolphin Eagle Fern Glacier Harbour Island Jackdaw Kite Lantern Meadow Nimbus Otter
Pearl Quill River Sparrow Tulip Unicorn Valley Wren Zenith Anchor Bramble Clover Dune Elm Flint Granite Hawthorn
Iron Jade Larch Marble Nutmeg Opal Pine Rowan Silver Teal Velvet Wolf Alder Bison Crane Deer Echo Finch Goose Hornet
Ibis Lark Moss Newt Owl Panther Robin Swan Tiger Viper Wasp Arrow Bronze Coral Delta Ebony Forge Gold Hazelnut Ivory
Lotus Mango North Orbit Prism Ruby Storm Thunder Ultra Vega Winter Aster Basalt Cinder Drift Estuary Fjord`)

export const MACHINES =
  phrases(`press, lathe, pump, mixer, oven, kiln, crane, saw, drill, loom, boiler, compressor, conveyor,
furnace, grinder, hoist, printer, turbine, welder, filter, chiller, cutter, dryer, roller, sorter, sprayer, stamper,
winder, packer, scanner, generator, polisher, shredder, extruder, planer, router, laser, freezer, blender, bottler`)

export const GOODS =
  phrases(`chair, lamp, kettle, clock, bicycle, rope, tent, valve, bell, table, carpet, kite, drum, guitar,
ladder, basket, bottle, blanket, helmet, knife, mirror, paddle, pencil, saddle, scarf, shelf, stove, telescope, toolbox,
umbrella, violin, wallet, whistle, window, wheel, boat, candle, compass, door, fence`)

export const SUPPLIES =
  phrases(`steel wire, oak boards, copper pipe, glass sheets, cotton thread, paper rolls, brass screws,
rubber seals, engine oil, sea salt, wheat flour, red paint, clay, sand, wool, leather, coal, cement, aluminium rods,
plastic film, bearings, light bulbs, work gloves, cardboard boxes, machine grease, ink, sugar, coffee beans, wax, glue,
marble slabs, pine logs, silk, nails, batteries, lenses, labels, bricks, resin, chain`)

export const ROLES =
  phrases(`night guard, chief engineer, head cook, bookkeeper, welder, crane driver, buyer, designer, nurse,
safety officer, gardener, warehouse clerk, electrician, plumber, painter, driver, lawyer, translator, tester, trainer,
quality inspector, sales manager, cleaner, carpenter, machinist, receptionist, analyst, photographer, librarian,
mechanic, shift leader, chemist, surveyor, archivist, planner, cashier, editor, glazier, tailor, porter`)

export const PLACES =
  phrases(`the east workshop, the west workshop, the north hall, the south hall, the old barn, the cellar,
the attic, the main yard, the glass house, the tool room, the paint shop, the boiler house, the loading bay, the canteen,
the garden shed, the test lab, the dry store, the cold store, the tower, the front office, the back office, the archive,
the garage, the print room, the river dock, the upper gallery, the long corridor, the machine hall, the packing room,
the courtyard, the mill, the annex`)

export const MATERIALS =
  phrases(`oak, brass, copper, steel, glass, cotton, leather, pine, silk, wool, marble, clay, bamboo,
aluminium, paper, rubber, ivory, silver, cork, walnut, bronze, linen, tin, granite`)

export const COLOURS = split(
  `red blue green yellow white black grey brown orange purple pink silver golden turquoise beige cream`,
)

export const HOBBIES =
  phrases(`chess, rowing, painting, fishing, cycling, sailing, gardening, pottery, dancing, hiking, singing,
skating, climbing, baking, knitting, archery, fencing, tennis, photography, bird watching, juggling, swimming, running, darts`)

export const WEEKDAYS = split(`Monday Tuesday Wednesday Thursday Friday Saturday Sunday`)
export const MONTHS = split(`January February March April May June July August September October November December`)

const TOWN_STARTS =
  split(`Ash Brook Clay Dun East Farn Glen Hart Kirk Lang Mill Nor Oak Pen Red Stan Thorn Wal West Wood Bright
Cold Dray Elm Fair Green Hol Lin Mar New`)
const TOWN_ENDS = split(`ford ton bury ham field wick mouth dale port gate bridge well stead worth combe hurst`)

export const TOWNS: readonly string[] = [
  ...split(`Lyon Oslo Turin Bergen Porto Gdansk Malaga Ghent Graz Cork Brno Split Basel Bremen Dublin Geneva Genoa Lisbon
  Madrid Milan Munich Naples Odense Paris Prague Riga Seville Siena Tallinn Vienna Vilnius Warsaw Zagreb Zurich`),
  ...TOWN_STARTS.flatMap((a) => TOWN_ENDS.map((b) => `${a}${b}`)),
]

export const PROCEDURES =
  phrases(`the morning check, the night closing, the fire drill, the stock count, the oven start, the
boiler test, the safety walk, the cash count, the tool check, the pump flush, the key handover, the gate check, the paint
test, the crane test, the filter change, the waste pickup, the mail round, the shift report, the water test, the alarm
test, the oil change, the order review, the price review, the price update, the visitor tour, the data backup, the
payroll run, the plant tour, the floor wash, the spare parts count, the truck wash, the knife count, the salt delivery,
the glass inspection, the roof inspection, the lamp check, the scale check, the first aid check, the kitchen check`)

export const FORM_LETTERS = split(`A B C D E F G H K L M N P R S T W X`)
