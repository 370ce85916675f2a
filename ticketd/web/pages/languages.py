"""What the waiting page says, in each language that it speaks: one table.

`{}` stands for a number, a time or a span of time.
"""

from collections.abc import Mapping
from typing import Final

import msgspec


class Counted(msgspec.Struct, frozen=True):
    """What is said of one, and of any other number."""

    one: str
    other: str


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """All that is said in one language."""

    skip: str
    waiting_room: str
    about_event: str

    # who has no place
    no_place: str
    before_draw: str
    """With the instant at which the sale opens."""
    in_order: str
    joined: Counted
    waiting: Counted
    take_place: str
    one_press: str
    press_again: str
    prove_again: str
    crowded: str
    busy: str
    checking: str
    checked: str
    unable: str
    """With how many seconds to wait."""

    # who waits
    kept: str
    keep_open: str
    renews: str
    draw_comes: str
    opens_in: str
    next: str
    ahead: Counted
    wait_about: str
    wait_short: str
    wait_unknown: str
    paused: str
    paused_for_all: str
    in_baskets: Counted
    first_return: str
    no_connection: str

    # whose turn it is, or was
    your_turn: str
    time_left: str
    to_tickets: str
    turn_over: str
    turn_over_why: str
    used: str
    used_why: str
    sold_out: str
    sold_out_why: str
    no_queue: str
    no_queue_why: str

    # the draw
    check_draw: str
    check_how: str
    commitment: str
    seed: str
    seed_later: str
    drawn: str
    number: str


ENGLISH: Final = Words(
    skip="Skip to the content",
    waiting_room="Waiting room",
    about_event="About the event",
    no_place="You have no place yet",
    before_draw="The sale opens on {}. Whoever has a place by then takes part in a draw for the order: until"
    " then it makes no difference who comes first.",
    in_order="Guests are let in one after another, in the order in which they came.",
    joined=Counted("{} guest has a place so far.", "{} guests have a place so far."),
    waiting=Counted("{} guest is waiting.", "{} guests are waiting."),
    take_place="Take a place",
    one_press="Press the button, and you have a place in the waiting room.",
    press_again="We had to look twice. Please press the button once more.",
    prove_again="Many want a place now, so your browser has to compute something first. Then the button"
    " works.",
    crowded="Many places were taken from your network already. Please try again in a minute.",
    busy="Too many come at this moment. Please try again in a few seconds.",
    checking="Checking that you are a person…",
    checked="Checking that you are a person… done.",
    unable="Many want a place now. Please wait {} seconds before you press the button: that is how we tell"
    " people from programs when a browser can't compute.",
    kept="Your place is kept",
    keep_open="Keep this page open, or come back to this address in this browser: your place is kept.",
    renews="This page renews itself.",
    draw_comes="The order is drawn when the sale opens. Until then it makes no difference who came first.",
    opens_in="The sale opens in {}",
    next="You are next.",
    ahead=Counted("{} guest is ahead of you", "{} guests are ahead of you"),
    wait_about="Time to wait: about {}",
    wait_short="Time to wait: less than a minute",
    wait_unknown="How long it takes can't be told at the moment.",
    paused="The organizer lets nobody in at the moment. Your place is kept.",
    paused_for_all="The organizer lets nobody in at the moment.",
    in_baskets=Counted(
        "All tickets are taken. {} is in a basket and may come back.",
        "All tickets are taken. {} are in baskets and may come back.",
    ),
    first_return="The first may come back in {}.",
    no_connection="No connection. This page tries again by itself; your place is kept.",
    your_turn="It is your turn",
    time_left="You have {} left to choose your tickets.",
    to_tickets="To the tickets",
    turn_over="Your turn is over",
    turn_over_why="The time to choose tickets has run out. You can take a new place.",
    used="You have reserved",
    used_why="A place is good for one reservation. For another one, take a new place.",
    sold_out="Sold out",
    sold_out_why="All tickets are sold, and none can come back.",
    no_queue="There is no queue now",
    no_queue_why="You can go straight on.",
    check_draw="How to check the draw",
    check_how="The draw's seed was fixed before anybody came. Its SHA-256 is published beforehand, the seed"
    " itself afterwards: whoever has both, a number and the program docs/check_place.py can work out the"
    " place. docs/waiting-room.md tells more.",
    commitment="SHA-256 of the seed",
    seed="Seed",
    seed_later="published after the draw",
    drawn="Places in the draw",
    number="Your number",
)

GERMAN: Final = Words(
    skip="Zum Inhalt springen",
    waiting_room="Warteraum",
    about_event="Zur Veranstaltung",
    no_place="Sie haben noch keinen Platz",
    before_draw="Der Verkauf beginnt am {}. Unter allen, die bis dahin einen Platz haben, wird die"
    " Reihenfolge ausgelost: Wer vorher wann kommt, macht keinen Unterschied.",
    in_order="Die Gäste werden nacheinander eingelassen, in der Reihenfolge, in der sie kamen.",
    joined=Counted("Bisher hat {} Gast einen Platz.", "Bisher haben {} Gäste einen Platz."),
    waiting=Counted("{} Gast wartet.", "{} Gäste warten."),
    take_place="Platz nehmen",
    one_press="Drücken Sie den Knopf, und Sie haben einen Platz im Warteraum.",
    press_again="Wir mussten zweimal hinsehen. Bitte drücken Sie den Knopf noch einmal.",
    prove_again="Gerade wollen viele einen Platz, darum muss Ihr Browser zuerst etwas berechnen. Dann geht"
    " es.",
    crowded="Aus Ihrem Netz wurden schon viele Plätze genommen. Bitte versuchen Sie es in einer Minute"
    " wieder.",
    busy="Gerade kommen zu viele. Bitte versuchen Sie es in ein paar Sekunden wieder.",
    checking="Wir prüfen, ob Sie ein Mensch sind…",
    checked="Wir prüfen, ob Sie ein Mensch sind… fertig.",
    unable="Gerade wollen viele einen Platz. Bitte warten Sie {} Sekunden, bevor Sie den Knopf drücken: So"
    " unterscheiden wir Menschen von Programmen, wenn ein Browser nicht rechnen kann.",
    kept="Ihr Platz ist sicher",
    keep_open="Lassen Sie diese Seite offen, oder kommen Sie mit diesem Browser zu dieser Adresse zurück: Ihr"
    " Platz bleibt Ihnen.",
    renews="Diese Seite erneuert sich von selbst.",
    draw_comes="Die Reihenfolge wird ausgelost, wenn der Verkauf beginnt. Bis dahin ist es gleich, wer zuerst"
    " kam.",
    opens_in="Der Verkauf beginnt in {}",
    next="Sie sind als Nächstes an der Reihe.",
    ahead=Counted("{} Gast ist vor Ihnen", "{} Gäste sind vor Ihnen"),
    wait_about="Wartezeit: etwa {}",
    wait_short="Wartezeit: weniger als eine Minute",
    wait_unknown="Wie lange es dauert, lässt sich gerade nicht sagen.",
    paused="Der Veranstalter lässt gerade niemanden ein. Ihr Platz bleibt Ihnen.",
    paused_for_all="Der Veranstalter lässt gerade niemanden ein.",
    in_baskets=Counted(
        "Alle Karten sind vergeben. {} liegt in einem Warenkorb und kommt vielleicht zurück.",
        "Alle Karten sind vergeben. {} liegen in Warenkörben und kommen vielleicht zurück.",
    ),
    first_return="Die erste vielleicht in {}.",
    no_connection="Keine Verbindung. Diese Seite versucht es von selbst wieder; Ihr Platz bleibt Ihnen.",
    your_turn="Sie sind an der Reihe",
    time_left="Sie haben noch {}, um Ihre Karten auszuwählen.",
    to_tickets="Zu den Karten",
    turn_over="Ihre Zeit ist um",
    turn_over_why="Die Zeit, um Karten auszuwählen, ist abgelaufen. Sie können einen neuen Platz nehmen.",
    used="Sie haben reserviert",
    used_why="Ein Platz gilt für eine Reservierung. Für eine weitere nehmen Sie einen neuen Platz.",
    sold_out="Ausverkauft",
    sold_out_why="Alle Karten sind verkauft, und keine kann zurückkommen.",
    no_queue="Zurzeit gibt es keine Schlange",
    no_queue_why="Sie können gleich weitergehen.",
    check_draw="Wie man die Auslosung nachprüft",
    check_how="Die Zahl, aus der ausgelost wird, stand fest, bevor jemand kam. Ihr SHA-256 ist vorher"
    " veröffentlicht, sie selbst danach: Mit beiden, einer Nummer und dem Programm docs/check_place.py lässt"
    " sich der Platz ausrechnen. Mehr sagt docs/waiting-room.md.",
    commitment="SHA-256 der Zahl",
    seed="Die Zahl",
    seed_later="wird nach der Auslosung veröffentlicht",
    drawn="Ausgeloste Plätze",
    number="Ihre Nummer",
)

FRENCH: Final = Words(
    skip="Aller au contenu",
    waiting_room="Salle d’attente",
    about_event="L’événement",
    no_place="Vous n’avez pas encore de place dans la file",
    before_draw="La vente ouvre le {}. L’ordre sera tiré au sort entre tous ceux qui auront alors une place"
    " dans la file : d’ici là, arriver plus tôt ne change rien.",
    in_order="On entre l’un après l’autre, dans l’ordre d’arrivée.",
    joined=Counted(
        "{} personne a une place dans la file pour l’instant.",
        "{} personnes ont une place dans la file pour l’instant.",
    ),
    waiting=Counted("{} personne attend.", "{} personnes attendent."),
    take_place="Prendre place",
    one_press="Appuyez sur le bouton, et vous avez une place dans la file.",
    press_again="Nous avons dû vérifier. Veuillez appuyer encore une fois sur le bouton.",
    prove_again="Beaucoup veulent une place en ce moment : votre navigateur doit d’abord calculer quelque"
    " chose. Ensuite, le bouton fonctionnera.",
    crowded="Beaucoup de places ont déjà été prises depuis votre réseau. Veuillez réessayer dans une minute.",
    busy="Il y a trop de monde en ce moment. Veuillez réessayer dans quelques secondes.",
    checking="Nous vérifions que vous êtes une personne…",
    checked="Nous vérifions que vous êtes une personne… c’est fait.",
    unable="Beaucoup veulent une place en ce moment. Veuillez attendre {} secondes avant d’appuyer sur le"
    " bouton : c’est ainsi que nous distinguons les personnes des programmes quand un navigateur ne peut pas"
    " calculer.",
    kept="Votre place est gardée",
    keep_open="Laissez cette page ouverte, ou revenez à cette adresse avec ce navigateur : votre place est"
    " gardée.",
    renews="Cette page s’actualise d’elle-même.",
    draw_comes="L’ordre est tiré au sort à l’ouverture de la vente. D’ici là, peu importe qui est arrivé le"
    " premier.",
    opens_in="La vente ouvre dans {}",
    next="C’est bientôt à vous : vous êtes le prochain.",
    ahead=Counted("{} personne devant vous", "{} personnes devant vous"),
    wait_about="Temps d’attente : environ {}",
    wait_short="Temps d’attente : moins d’une minute",
    wait_unknown="Impossible de dire pour l’instant combien de temps cela prendra.",
    paused="L’organisateur ne laisse entrer personne pour l’instant. Votre place est gardée.",
    paused_for_all="L’organisateur ne laisse entrer personne pour l’instant.",
    in_baskets=Counted(
        "Tous les billets sont pris. {} est dans un panier et peut revenir.",
        "Tous les billets sont pris. {} sont dans des paniers et peuvent revenir.",
    ),
    first_return="Le premier peut revenir dans {}.",
    no_connection="Pas de connexion. Cette page réessaie d’elle-même ; votre place est gardée.",
    your_turn="C’est votre tour",
    time_left="Il vous reste {} pour choisir vos billets.",
    to_tickets="Vers les billets",
    turn_over="Votre tour est passé",
    turn_over_why="Le temps pour choisir des billets est écoulé. Vous pouvez prendre une nouvelle place.",
    used="Vous avez réservé",
    used_why="Une place vaut pour une réservation. Pour une autre, prenez une nouvelle place.",
    sold_out="Complet",
    sold_out_why="Tous les billets sont vendus, et aucun ne peut revenir.",
    no_queue="Il n’y a pas de file en ce moment",
    no_queue_why="Vous pouvez continuer tout de suite.",
    check_draw="Comment vérifier le tirage",
    check_how="La graine du tirage était fixée avant que quiconque n’arrive. Son SHA-256 est publié avant,"
    " la graine elle-même après : avec les deux, un numéro et le programme docs/check_place.py, chacun peut"
    " calculer la place. docs/waiting-room.md en dit plus.",
    commitment="SHA-256 de la graine",
    seed="Graine",
    seed_later="publiée après le tirage",
    drawn="Places tirées au sort",
    number="Votre numéro",
)

SPANISH: Final = Words(
    skip="Ir al contenido",
    waiting_room="Sala de espera",
    about_event="El evento",
    no_place="Todavía no tienes sitio en la cola",
    before_draw="La venta se abre el {}. El orden se sorteará entre todos los que tengan sitio en ese"
    " momento: hasta entonces da igual quién llegue antes.",
    in_order="Se entra de uno en uno, por orden de llegada.",
    joined=Counted("{} persona tiene sitio por ahora.", "{} personas tienen sitio por ahora."),
    waiting=Counted("{} persona está esperando.", "{} personas están esperando."),
    take_place="Coger sitio",
    one_press="Pulsa el botón y tendrás un sitio en la cola.",
    press_again="Hemos tenido que comprobarlo. Pulsa el botón otra vez, por favor.",
    prove_again="Ahora mismo muchos quieren un sitio, así que tu navegador tiene que calcular algo antes."
    " Después, el botón funcionará.",
    crowded="Ya se han cogido muchos sitios desde tu red. Inténtalo de nuevo dentro de un minuto, por favor.",
    busy="Hay demasiada gente en este momento. Inténtalo de nuevo en unos segundos, por favor.",
    checking="Comprobando que eres una persona…",
    checked="Comprobando que eres una persona… hecho.",
    unable="Ahora mismo muchos quieren un sitio. Espera {} segundos antes de pulsar el botón, por favor: así"
    " distinguimos a las personas de los programas cuando un navegador no puede calcular.",
    kept="Tu sitio está guardado",
    keep_open="Deja esta página abierta o vuelve a esta dirección con este navegador: tu sitio está"
    " guardado.",
    renews="Esta página se actualiza sola.",
    draw_comes="El orden se sortea cuando se abre la venta. Hasta entonces da igual quién llegó antes.",
    opens_in="La venta se abre en {}",
    next="El siguiente turno es el tuyo.",
    ahead=Counted("{} persona delante de ti", "{} personas delante de ti"),
    wait_about="Tiempo de espera: unos {}",
    wait_short="Tiempo de espera: menos de un minuto",
    wait_unknown="Ahora mismo no se puede decir cuánto tardará.",
    paused="El organizador no deja entrar a nadie en este momento. Tu sitio está guardado.",
    paused_for_all="El organizador no deja entrar a nadie en este momento.",
    in_baskets=Counted(
        "Todas las entradas están cogidas. {} está en una cesta y puede volver.",
        "Todas las entradas están cogidas. {} están en cestas y pueden volver.",
    ),
    first_return="La primera puede volver en {}.",
    no_connection="Sin conexión. Esta página lo intenta de nuevo sola; tu sitio está guardado.",
    your_turn="Es tu turno",
    time_left="Te quedan {} para elegir tus entradas.",
    to_tickets="A las entradas",
    turn_over="Tu turno ha pasado",
    turn_over_why="El tiempo para elegir entradas se ha acabado. Puedes coger un sitio nuevo.",
    used="Ya has reservado",
    used_why="Un sitio vale para una reserva. Para otra, coge un sitio nuevo.",
    sold_out="Agotado",
    sold_out_why="Todas las entradas están vendidas y ninguna puede volver.",
    no_queue="Ahora no hay cola",
    no_queue_why="Puedes seguir directamente.",
    check_draw="Cómo comprobar el sorteo",
    check_how="La semilla del sorteo quedó fijada antes de que llegara nadie. Su SHA-256 se publica antes y"
    " la semilla misma después: con las dos, un número y el programa docs/check_place.py cualquiera puede"
    " calcular el puesto. Más en docs/waiting-room.md.",
    commitment="SHA-256 de la semilla",
    seed="Semilla",
    seed_later="se publica después del sorteo",
    drawn="Puestos sorteados",
    number="Tu número",
)

ITALIAN: Final = Words(
    skip="Vai al contenuto",
    waiting_room="Sala d’attesa",
    about_event="L’evento",
    no_place="Non hai ancora un posto in coda",
    before_draw="La vendita apre il {}. L’ordine sarà sorteggiato fra tutti quelli che a quel punto avranno"
    " un posto in coda: fino ad allora non importa chi arriva prima.",
    in_order="Si entra uno alla volta, in ordine di arrivo.",
    joined=Counted("Per ora {} persona ha un posto in coda.", "Per ora {} persone hanno un posto in coda."),
    waiting=Counted("{} persona in attesa.", "{} persone in attesa."),
    take_place="Prendi posto",
    one_press="Premi il pulsante e avrai un posto in coda.",
    press_again="Abbiamo dovuto ricontrollare. Premi ancora una volta il pulsante, per favore.",
    prove_again="Molti vogliono un posto in questo momento: il tuo browser deve prima calcolare qualcosa."
    " Poi il pulsante funzionerà.",
    crowded="Dalla tua rete sono già stati presi molti posti. Riprova tra un minuto, per favore.",
    busy="In questo momento arrivano in troppi. Riprova tra qualche secondo, per favore.",
    checking="Verifichiamo che tu sia una persona…",
    checked="Verifichiamo che tu sia una persona… fatto.",
    unable="Molti vogliono un posto in questo momento. Aspetta {} secondi prima di premere il pulsante, per"
    " favore: così distinguiamo le persone dai programmi quando un browser non può calcolare.",
    kept="Il tuo posto è tuo",
    keep_open="Tieni aperta questa pagina, o torna a questo indirizzo con questo browser: il posto resta"
    " tuo.",
    renews="Questa pagina si aggiorna da sola.",
    draw_comes="L’ordine viene sorteggiato all’apertura della vendita. Fino ad allora non importa chi è"
    " arrivato prima.",
    opens_in="La vendita apre tra {}",
    next="Il prossimo turno è il tuo.",
    ahead=Counted("{} persona davanti a te", "{} persone davanti a te"),
    wait_about="Tempo di attesa: circa {}",
    wait_short="Tempo di attesa: meno di un minuto",
    wait_unknown="Al momento non si può dire quanto ci vorrà.",
    paused="L’organizzatore al momento non fa entrare nessuno. Il posto resta tuo.",
    paused_for_all="L’organizzatore al momento non fa entrare nessuno.",
    in_baskets=Counted(
        "Tutti i biglietti sono presi. {} è in un carrello e potrebbe tornare.",
        "Tutti i biglietti sono presi. {} sono nei carrelli e potrebbero tornare.",
    ),
    first_return="Il primo potrebbe tornare tra {}.",
    no_connection="Nessuna connessione. Questa pagina riprova da sola; il posto resta tuo.",
    your_turn="È il tuo turno",
    time_left="Hai ancora {} per scegliere i biglietti.",
    to_tickets="Ai biglietti",
    turn_over="Il tuo turno è passato",
    turn_over_why="Il tempo per scegliere i biglietti è scaduto. Puoi prendere un nuovo posto.",
    used="Hai prenotato",
    used_why="Un posto vale per una prenotazione. Per un’altra, prendi un nuovo posto.",
    sold_out="Tutto esaurito",
    sold_out_why="Tutti i biglietti sono venduti e nessuno può tornare.",
    no_queue="Al momento non c’è coda",
    no_queue_why="Puoi proseguire subito.",
    check_draw="Come verificare il sorteggio",
    check_how="Il seme del sorteggio era fissato prima che arrivasse qualcuno. Il suo SHA-256 viene"
    " pubblicato prima, il seme stesso dopo: con entrambi, un numero e il programma docs/check_place.py"
    " chiunque può calcolare il posto. Di più in docs/waiting-room.md.",
    commitment="SHA-256 del seme",
    seed="Seme",
    seed_later="pubblicato dopo il sorteggio",
    drawn="Posti sorteggiati",
    number="Il tuo numero",
)

WORDS: Final[Mapping[str, Words]] = {
    "en": ENGLISH,
    "de": GERMAN,
    "fr": FRENCH,
    "es": SPANISH,
    "it": ITALIAN,
}
"""By the language's code, the one for everybody else first."""
