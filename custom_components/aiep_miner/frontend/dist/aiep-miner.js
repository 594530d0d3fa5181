/* AIEP Miner, Apache-2.0; with Lit, BSD-3-Clause. Sources: 7fcba7a7e4d614b8ad2970dbf4a54bb343ef5f8f4bf5d80db5a1dea0a04288d8 */
await customElements.whenDefined("home-assistant");
var p1=globalThis,m1=p1.ShadowRoot&&(p1.ShadyCSS===void 0||p1.ShadyCSS.nativeShadow)&&"adoptedStyleSheets"in Document.prototype&&"replace"in CSSStyleSheet.prototype,W1=Symbol(),o2=new WeakMap,V1=class{constructor(V,C,H){if(this._$cssResult$=!0,H!==W1)throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");this.cssText=V,this.t=C}get styleSheet(){let V=this.o,C=this.t;if(m1&&V===void 0){let H=C!==void 0&&C.length===1;H&&(V=o2.get(C)),V===void 0&&((this.o=V=new CSSStyleSheet).replaceSync(this.cssText),H&&o2.set(C,V))}return V}toString(){return this.cssText}},a2=e=>new V1(typeof e=="string"?e:e+"",void 0,W1),Z=(e,...V)=>{let C=e.length===1?e[0]:V.reduce((H,L,M)=>H+(r=>{if(r._$cssResult$===!0)return r.cssText;if(typeof r=="number")return r;throw Error("Value passed to 'css' function must be a 'css' function result: "+r+". Use 'unsafeCSS' to pass non-literal values, but take care to ensure page security.")})(L)+e[M+1],e[0]);return new V1(C,e,W1)},A2=(e,V)=>{if(m1)e.adoptedStyleSheets=V.map(C=>C instanceof CSSStyleSheet?C:C.styleSheet);else for(let C of V){let H=document.createElement("style"),L=p1.litNonce;L!==void 0&&H.setAttribute("nonce",L),H.textContent=C.cssText,e.appendChild(H)}},I1=m1?e=>e:e=>e instanceof CSSStyleSheet?(V=>{let C="";for(let H of V.cssRules)C+=H.cssText;return a2(C)})(e):e;var{is:W5,defineProperty:I5,getOwnPropertyDescriptor:z5,getOwnPropertyNames:U5,getOwnPropertySymbols:G5,getPrototypeOf:Q5}=Object,l1=globalThis,n2=l1.trustedTypes,q5=n2?n2.emptyScript:"",K5=l1.reactiveElementPolyfillSupport,L1=(e,V)=>e,z1={toAttribute(e,V){switch(V){case Boolean:e=e?q5:null;break;case Object:case Array:e=e==null?e:JSON.stringify(e)}return e},fromAttribute(e,V){let C=e;switch(V){case Boolean:C=e!==null;break;case Number:C=e===null?null:Number(e);break;case Object:case Array:try{C=JSON.parse(e)}catch{C=null}}return C}},p2=(e,V)=>!W5(e,V),d2={attribute:!0,type:String,converter:z1,reflect:!1,useDefault:!1,hasChanged:p2};Symbol.metadata??=Symbol("metadata"),l1.litPropertyMetadata??=new WeakMap;var P=class extends HTMLElement{static addInitializer(V){this._$Ei(),(this.l??=[]).push(V)}static get observedAttributes(){return this.finalize(),this._$Eh&&[...this._$Eh.keys()]}static createProperty(V,C=d2){if(C.state&&(C.attribute=!1),this._$Ei(),this.prototype.hasOwnProperty(V)&&((C=Object.create(C)).wrapped=!0),this.elementProperties.set(V,C),!C.noAccessor){let H=Symbol(),L=this.getPropertyDescriptor(V,H,C);L!==void 0&&I5(this.prototype,V,L)}}static getPropertyDescriptor(V,C,H){let{get:L,set:M}=z5(this.prototype,V)??{get(){return this[C]},set(r){this[C]=r}};return{get:L,set(r){let t=L?.call(this);M?.call(this,r),this.requestUpdate(V,t,H)},configurable:!0,enumerable:!0}}static getPropertyOptions(V){return this.elementProperties.get(V)??d2}static _$Ei(){if(this.hasOwnProperty(L1("elementProperties")))return;let V=Q5(this);V.finalize(),V.l!==void 0&&(this.l=[...V.l]),this.elementProperties=new Map(V.elementProperties)}static finalize(){if(this.hasOwnProperty(L1("finalized")))return;if(this.finalized=!0,this._$Ei(),this.hasOwnProperty(L1("properties"))){let C=this.properties,H=[...U5(C),...G5(C)];for(let L of H)this.createProperty(L,C[L])}let V=this[Symbol.metadata];if(V!==null){let C=litPropertyMetadata.get(V);if(C!==void 0)for(let[H,L]of C)this.elementProperties.set(H,L)}this._$Eh=new Map;for(let[C,H]of this.elementProperties){let L=this._$Eu(C,H);L!==void 0&&this._$Eh.set(L,C)}this.elementStyles=this.finalizeStyles(this.styles)}static finalizeStyles(V){let C=[];if(Array.isArray(V)){let H=new Set(V.flat(1/0).reverse());for(let L of H)C.unshift(I1(L))}else V!==void 0&&C.push(I1(V));return C}static _$Eu(V,C){let H=C.attribute;return H===!1?void 0:typeof H=="string"?H:typeof V=="string"?V.toLowerCase():void 0}constructor(){super(),this._$Ep=void 0,this.isUpdatePending=!1,this.hasUpdated=!1,this._$Em=null,this._$Ev()}_$Ev(){this._$ES=new Promise(V=>this.enableUpdating=V),this._$AL=new Map,this._$E_(),this.requestUpdate(),this.constructor.l?.forEach(V=>V(this))}addController(V){(this._$EO??=new Set).add(V),this.renderRoot!==void 0&&this.isConnected&&V.hostConnected?.()}removeController(V){this._$EO?.delete(V)}_$E_(){let V=new Map,C=this.constructor.elementProperties;for(let H of C.keys())this.hasOwnProperty(H)&&(V.set(H,this[H]),delete this[H]);V.size>0&&(this._$Ep=V)}createRenderRoot(){let V=this.shadowRoot??this.attachShadow(this.constructor.shadowRootOptions);return A2(V,this.constructor.elementStyles),V}connectedCallback(){this.renderRoot??=this.createRenderRoot(),this.enableUpdating(!0),this._$EO?.forEach(V=>V.hostConnected?.())}enableUpdating(V){}disconnectedCallback(){this._$EO?.forEach(V=>V.hostDisconnected?.())}attributeChangedCallback(V,C,H){this._$AK(V,H)}_$ET(V,C){let H=this.constructor.elementProperties.get(V),L=this.constructor._$Eu(V,H);if(L!==void 0&&H.reflect===!0){let M=(H.converter?.toAttribute!==void 0?H.converter:z1).toAttribute(C,H.type);this._$Em=V,M==null?this.removeAttribute(L):this.setAttribute(L,M),this._$Em=null}}_$AK(V,C){let H=this.constructor,L=H._$Eh.get(V);if(L!==void 0&&this._$Em!==L){let M=H.getPropertyOptions(L),r=typeof M.converter=="function"?{fromAttribute:M.converter}:M.converter?.fromAttribute!==void 0?M.converter:z1;this._$Em=L;let t=r.fromAttribute(C,M.type);this[L]=t??this._$Ej?.get(L)??t,this._$Em=null}}requestUpdate(V,C,H,L=!1,M){if(V!==void 0){let r=this.constructor;if(L===!1&&(M=this[V]),H??=r.getPropertyOptions(V),!((H.hasChanged??p2)(M,C)||H.useDefault&&H.reflect&&M===this._$Ej?.get(V)&&!this.hasAttribute(r._$Eu(V,H))))return;this.C(V,C,H)}this.isUpdatePending===!1&&(this._$ES=this._$EP())}C(V,C,{useDefault:H,reflect:L,wrapped:M},r){H&&!(this._$Ej??=new Map).has(V)&&(this._$Ej.set(V,r??C??this[V]),M!==!0||r!==void 0)||(this._$AL.has(V)||(this.hasUpdated||H||(C=void 0),this._$AL.set(V,C)),L===!0&&this._$Em!==V&&(this._$Eq??=new Set).add(V))}async _$EP(){this.isUpdatePending=!0;try{await this._$ES}catch(C){Promise.reject(C)}let V=this.scheduleUpdate();return V!=null&&await V,!this.isUpdatePending}scheduleUpdate(){return this.performUpdate()}performUpdate(){if(!this.isUpdatePending)return;if(!this.hasUpdated){if(this.renderRoot??=this.createRenderRoot(),this._$Ep){for(let[L,M]of this._$Ep)this[L]=M;this._$Ep=void 0}let H=this.constructor.elementProperties;if(H.size>0)for(let[L,M]of H){let{wrapped:r}=M,t=this[L];r!==!0||this._$AL.has(L)||t===void 0||this.C(L,void 0,M,t)}}let V=!1,C=this._$AL;try{V=this.shouldUpdate(C),V?(this.willUpdate(C),this._$EO?.forEach(H=>H.hostUpdate?.()),this.update(C)):this._$EM()}catch(H){throw V=!1,this._$EM(),H}V&&this._$AE(C)}willUpdate(V){}_$AE(V){this._$EO?.forEach(C=>C.hostUpdated?.()),this.hasUpdated||(this.hasUpdated=!0,this.firstUpdated(V)),this.updated(V)}_$EM(){this._$AL=new Map,this.isUpdatePending=!1}get updateComplete(){return this.getUpdateComplete()}getUpdateComplete(){return this._$ES}shouldUpdate(V){return!0}update(V){this._$Eq&&=this._$Eq.forEach(C=>this._$ET(C,this[C])),this._$EM()}updated(V){}firstUpdated(V){}};P.elementStyles=[],P.shadowRootOptions={mode:"open"},P[L1("elementProperties")]=new Map,P[L1("finalized")]=new Map,K5?.({ReactiveElement:P}),(l1.reactiveElementVersions??=[]).push("2.1.2");var G1=globalThis,m2=e=>e,v1=G1.trustedTypes,l2=v1?v1.createPolicy("lit-html",{createHTML:e=>e}):void 0,Q1="$lit$",B=`lit$${Math.random().toFixed(9).slice(2)}$`,q1="?"+B,j5=`<${q1}>`,N=document,M1=()=>N.createComment(""),r1=e=>e===null||typeof e!="object"&&typeof e!="function",K1=Array.isArray,c2=e=>K1(e)||typeof e?.[Symbol.iterator]=="function",U1=`[ 	
\f\r]`,e1=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,v2=/-->/g,x2=/>/g,D=RegExp(`>|${U1}(?:([^\\s"'>=/]+)(${U1}*=${U1}*(?:[^ 	
\f\r"'\`<>=]|("|')|))|$)`,"g"),s2=/'/g,u2=/"/g,S2=/^(?:script|style|textarea|title)$/i,j1=e=>(V,...C)=>({_$litType$:e,strings:V,values:C}),a=j1(1),K=j1(2),o0=j1(3),T=Symbol.for("lit-noChange"),n=Symbol.for("lit-nothing"),Z2=new WeakMap,$=N.createTreeWalker(N,129);function h2(e,V){if(!K1(e)||!e.hasOwnProperty("raw"))throw Error("invalid template strings array");return l2!==void 0?l2.createHTML(V):V}var f2=(e,V)=>{let C=e.length-1,H=[],L,M=V===2?"<svg>":V===3?"<math>":"",r=e1;for(let t=0;t<C;t++){let o=e[t],A,p,d=-1,m=0;for(;m<o.length&&(r.lastIndex=m,p=r.exec(o),p!==null);)m=r.lastIndex,r===e1?p[1]==="!--"?r=v2:p[1]!==void 0?r=x2:p[2]!==void 0?(S2.test(p[2])&&(L=RegExp("</"+p[2],"g")),r=D):p[3]!==void 0&&(r=D):r===D?p[0]===">"?(r=L??e1,d=-1):p[1]===void 0?d=-2:(d=r.lastIndex-p[2].length,A=p[1],r=p[3]===void 0?D:p[3]==='"'?u2:s2):r===u2||r===s2?r=D:r===v2||r===x2?r=e1:(r=D,L=void 0);let l=r===D&&e[t+1].startsWith("/>")?" ":"";M+=r===e1?o+j5:d>=0?(H.push(A),o.slice(0,d)+Q1+o.slice(d)+B+l):o+B+(d===-2?t:l)}return[h2(e,M+(e[C]||"<?>")+(V===2?"</svg>":V===3?"</math>":"")),H]},t1=class e{constructor({strings:V,_$litType$:C},H){let L;this.parts=[];let M=0,r=0,t=V.length-1,o=this.parts,[A,p]=f2(V,C);if(this.el=e.createElement(A,H),$.currentNode=this.el.content,C===2||C===3){let d=this.el.content.firstChild;d.replaceWith(...d.childNodes)}for(;(L=$.nextNode())!==null&&o.length<t;){if(L.nodeType===1){if(L.hasAttributes())for(let d of L.getAttributeNames())if(d.endsWith(Q1)){let m=p[r++],l=L.getAttribute(d).split(B),v=/([.?@])?(.*)/.exec(m);o.push({type:1,index:M,name:v[2],strings:l,ctor:v[1]==="."?s1:v[1]==="?"?u1:v[1]==="@"?Z1:I}),L.removeAttribute(d)}else d.startsWith(B)&&(o.push({type:6,index:M}),L.removeAttribute(d));if(S2.test(L.tagName)){let d=L.textContent.split(B),m=d.length-1;if(m>0){L.textContent=v1?v1.emptyScript:"";for(let l=0;l<m;l++)L.append(d[l],M1()),$.nextNode(),o.push({type:2,index:++M});L.append(d[m],M1())}}}else if(L.nodeType===8)if(L.data===q1)o.push({type:2,index:M});else{let d=-1;for(;(d=L.data.indexOf(B,d+1))!==-1;)o.push({type:7,index:M}),d+=B.length-1}M++}}static createElement(V,C){let H=N.createElement("template");return H.innerHTML=V,H}};function W(e,V,C=e,H){if(V===T)return V;let L=H!==void 0?C._$Co?.[H]:C._$Cl,M=r1(V)?void 0:V._$litDirective$;return L?.constructor!==M&&(L?._$AO?.(!1),M===void 0?L=void 0:(L=new M(e),L._$AT(e,C,H)),H!==void 0?(C._$Co??=[])[H]=L:C._$Cl=L),L!==void 0&&(V=W(e,L._$AS(e,V.values),L,H)),V}var x1=class{constructor(V,C){this._$AV=[],this._$AN=void 0,this._$AD=V,this._$AM=C}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(V){let{el:{content:C},parts:H}=this._$AD,L=(V?.creationScope??N).importNode(C,!0);$.currentNode=L;let M=$.nextNode(),r=0,t=0,o=H[0];for(;o!==void 0;){if(r===o.index){let A;o.type===2?A=new q(M,M.nextSibling,this,V):o.type===1?A=new o.ctor(M,o.name,o.strings,this,V):o.type===6&&(A=new c1(M,this,V)),this._$AV.push(A),o=H[++t]}r!==o?.index&&(M=$.nextNode(),r++)}return $.currentNode=N,L}p(V){let C=0;for(let H of this._$AV)H!==void 0&&(H.strings!==void 0?(H._$AI(V,H,C),C+=H.strings.length-2):H._$AI(V[C])),C++}},q=class e{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(V,C,H,L){this.type=2,this._$AH=n,this._$AN=void 0,this._$AA=V,this._$AB=C,this._$AM=H,this.options=L,this._$Cv=L?.isConnected??!0}get parentNode(){let V=this._$AA.parentNode,C=this._$AM;return C!==void 0&&V?.nodeType===11&&(V=C.parentNode),V}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(V,C=this){V=W(this,V,C),r1(V)?V===n||V==null||V===""?(this._$AH!==n&&this._$AR(),this._$AH=n):V!==this._$AH&&V!==T&&this._(V):V._$litType$!==void 0?this.$(V):V.nodeType!==void 0?this.T(V):c2(V)?this.k(V):this._(V)}O(V){return this._$AA.parentNode.insertBefore(V,this._$AB)}T(V){this._$AH!==V&&(this._$AR(),this._$AH=this.O(V))}_(V){this._$AH!==n&&r1(this._$AH)?this._$AA.nextSibling.data=V:this.T(N.createTextNode(V)),this._$AH=V}$(V){let{values:C,_$litType$:H}=V,L=typeof H=="number"?this._$AC(V):(H.el===void 0&&(H.el=t1.createElement(h2(H.h,H.h[0]),this.options)),H);if(this._$AH?._$AD===L)this._$AH.p(C);else{let M=new x1(L,this),r=M.u(this.options);M.p(C),this.T(r),this._$AH=M}}_$AC(V){let C=Z2.get(V.strings);return C===void 0&&Z2.set(V.strings,C=new t1(V)),C}k(V){K1(this._$AH)||(this._$AH=[],this._$AR());let C=this._$AH,H,L=0;for(let M of V)L===C.length?C.push(H=new e(this.O(M1()),this.O(M1()),this,this.options)):H=C[L],H._$AI(M),L++;L<C.length&&(this._$AR(H&&H._$AB.nextSibling,L),C.length=L)}_$AR(V=this._$AA.nextSibling,C){for(this._$AP?.(!1,!0,C);V!==this._$AB;){let H=m2(V).nextSibling;m2(V).remove(),V=H}}setConnected(V){this._$AM===void 0&&(this._$Cv=V,this._$AP?.(V))}},I=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(V,C,H,L,M){this.type=1,this._$AH=n,this._$AN=void 0,this.element=V,this.name=C,this._$AM=L,this.options=M,H.length>2||H[0]!==""||H[1]!==""?(this._$AH=Array(H.length-1).fill(new String),this.strings=H):this._$AH=n}_$AI(V,C=this,H,L){let M=this.strings,r=!1;if(M===void 0)V=W(this,V,C,0),r=!r1(V)||V!==this._$AH&&V!==T,r&&(this._$AH=V);else{let t=V,o,A;for(V=M[0],o=0;o<M.length-1;o++)A=W(this,t[H+o],C,o),A===T&&(A=this._$AH[o]),r||=!r1(A)||A!==this._$AH[o],A===n?V=n:V!==n&&(V+=(A??"")+M[o+1]),this._$AH[o]=A}r&&!L&&this.j(V)}j(V){V===n?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,V??"")}},s1=class extends I{constructor(){super(...arguments),this.type=3}j(V){this.element[this.name]=V===n?void 0:V}},u1=class extends I{constructor(){super(...arguments),this.type=4}j(V){this.element.toggleAttribute(this.name,!!V&&V!==n)}},Z1=class extends I{constructor(V,C,H,L,M){super(V,C,H,L,M),this.type=5}_$AI(V,C=this){if((V=W(this,V,C,0)??n)===T)return;let H=this._$AH,L=V===n&&H!==n||V.capture!==H.capture||V.once!==H.once||V.passive!==H.passive,M=V!==n&&(H===n||L);L&&this.element.removeEventListener(this.name,this,H),M&&this.element.addEventListener(this.name,this,V),this._$AH=V}handleEvent(V){typeof this._$AH=="function"?this._$AH.call(this.options?.host??this.element,V):this._$AH.handleEvent(V)}},c1=class{constructor(V,C,H){this.element=V,this.type=6,this._$AN=void 0,this._$AM=C,this.options=H}get _$AU(){return this._$AM._$AU}_$AI(V){W(this,V)}},g2={M:Q1,P:B,A:q1,C:1,L:f2,R:x1,D:c2,V:W,I:q,H:I,N:u1,U:Z1,B:s1,F:c1},X5=G1.litHtmlPolyfillSupport;X5?.(t1,q),(G1.litHtmlVersions??=[]).push("3.3.3");var O2=(e,V,C)=>{let H=C?.renderBefore??V,L=H._$litPart$;if(L===void 0){let M=C?.renderBefore??null;H._$litPart$=L=new q(V.insertBefore(M1(),M),M,void 0,C??{})}return L._$AI(e),L};var X1=globalThis,E=class extends P{constructor(){super(...arguments),this.renderOptions={host:this},this._$Do=void 0}createRenderRoot(){let V=super.createRenderRoot();return this.renderOptions.renderBefore??=V.firstChild,V}update(V){let C=this.render();this.hasUpdated||(this.renderOptions.isConnected=this.isConnected),super.update(V),this._$Do=O2(C,this.renderRoot,this.renderOptions)}connectedCallback(){super.connectedCallback(),this._$Do?.setConnected(!0)}disconnectedCallback(){super.disconnectedCallback(),this._$Do?.setConnected(!1)}render(){return T}};E._$litElement$=!0,E.finalized=!0,X1.litElementHydrateSupport?.({LitElement:E});var Y5=X1.litElementPolyfillSupport;Y5?.({LitElement:E});(X1.litElementVersions??=[]).push("4.2.2");var b2="M13 14H11V9H13M13 18H11V16H13M1 21H23L12 2L1 21Z";var k2="M21,7L9,19L3.5,13.5L4.91,12.09L9,16.17L19.59,5.59L21,7Z",w2="M0.41,13.41L6,19L7.41,17.58L1.83,12M22.24,5.58L11.66,16.17L7.5,12L6.07,13.41L11.66,19L23.66,7M18,7L16.59,5.58L10.24,11.93L11.66,13.34L18,7Z";var y2="M7.41,8.58L12,13.17L16.59,8.58L18,10L12,16L6,10L7.41,8.58Z";var P2="M19,6.41L17.59,5L12,10.59L6.41,5L5,6.41L10.59,12L5,17.59L6.41,19L12,13.41L17.59,19L19,17.59L13.41,12L19,6.41Z";var Y1="M5,20H19V18H5M19,9H15V3H9V9H5L12,16L19,9Z";var B2="M13 24C9.74 24 6.81 22 5.6 19L2.57 11.37C2.26 10.58 3 9.79 3.81 10.05L4.6 10.31C5.16 10.5 5.62 10.92 5.84 11.47L7.25 15H8V3.25C8 2.56 8.56 2 9.25 2S10.5 2.56 10.5 3.25V12H11.5V1.25C11.5 .56 12.06 0 12.75 0S14 .56 14 1.25V12H15V2.75C15 2.06 15.56 1.5 16.25 1.5C16.94 1.5 17.5 2.06 17.5 2.75V12H18.5V5.75C18.5 5.06 19.06 4.5 19.75 4.5S21 5.06 21 5.75V16C21 20.42 17.42 24 13 24Z";var T2="M10,19H13V22H10V19M12,2C17.35,2.22 19.68,7.62 16.5,11.67C15.67,12.67 14.33,13.33 13.67,14.17C13,15 13,16 13,17H10C10,15.33 10,13.92 10.67,12.92C11.33,11.92 12.67,11.33 13.5,10.67C15.92,8.43 15.32,5.26 12,5A3,3 0 0,0 9,8H6A6,6 0 0,1 12,2Z";var R2="M4,1C2.89,1 2,1.89 2,3V7C2,8.11 2.89,9 4,9H1V11H13V9H10C11.11,9 12,8.11 12,7V3C12,1.89 11.11,1 10,1H4M4,3H10V7H4V3M14,13C12.89,13 12,13.89 12,15V19C12,20.11 12.89,21 14,21H11V23H23V21H20C21.11,21 22,20.11 22,19V15C22,13.89 21.11,13 20,13H14M3.88,13.46L2.46,14.88L4.59,17L2.46,19.12L3.88,20.54L6,18.41L8.12,20.54L9.54,19.12L7.41,17L9.54,14.88L8.12,13.46L6,15.59L3.88,13.46M14,15H20V19H14V15Z";var F2="M9.5,3A6.5,6.5 0 0,1 16,9.5C16,11.11 15.41,12.59 14.44,13.73L14.71,14H15.5L20.5,19L19,20.5L14,15.5V14.71L13.73,14.44C12.59,15.41 11.11,16 9.5,16A6.5,6.5 0 0,1 3,9.5A6.5,6.5 0 0,1 9.5,3M9.5,5C7,5 5,7 5,9.5C5,12 7,14 9.5,14C12,14 14,12 14,9.5C14,7 12,5 9.5,5Z";var E2="M14,3V5H17.59L7.76,14.83L9.17,16.24L19,6.41V10H21V3M19,19H5V5H12V3H5C3.89,3 3,3.9 3,5V19A2,2 0 0,0 5,21H19A2,2 0 0,0 21,19V12H19V19Z";var _2="M14.79,10.62L3.5,21.9L2.1,20.5L13.38,9.21L14.79,10.62M19.27,7.73L19.86,7.14L19.07,6.35L19.71,5.71L18.29,4.29L17.65,4.93L16.86,4.14L16.27,4.73C14.53,3.31 12.57,2.17 10.47,1.37L9.64,3.16C11.39,4.08 13,5.19 14.5,6.5L14,7L17,10L17.5,9.5C18.81,11 19.92,12.61 20.84,14.36L22.63,13.53C21.83,11.43 20.69,9.47 19.27,7.73Z";var S1="M8,5.14V19.14L19,12.14L8,5.14Z";var D2="M16.56,5.44L15.11,6.89C16.84,7.94 18,9.83 18,12A6,6 0 0,1 12,18A6,6 0 0,1 6,12C6,9.83 7.16,7.94 8.88,6.88L7.44,5.44C5.36,6.88 4,9.28 4,12A8,8 0 0,0 12,20A8,8 0 0,0 20,12C20,9.28 18.64,6.88 16.56,5.44M13,3H11V13H13";var $2="M13,2.03V2.05L13,4.05C17.39,4.59 20.5,8.58 19.96,12.97C19.5,16.61 16.64,19.5 13,19.93V21.93C18.5,21.38 22.5,16.5 21.95,11C21.5,6.25 17.73,2.5 13,2.03M11,2.06C9.05,2.25 7.19,3 5.67,4.26L7.1,5.74C8.22,4.84 9.57,4.26 11,4.06V2.06M4.26,5.67C3,7.19 2.25,9.04 2.05,11H4.05C4.24,9.58 4.8,8.23 5.69,7.1L4.26,5.67M2.06,13C2.26,14.96 3.03,16.81 4.27,18.33L5.69,16.9C4.81,15.77 4.24,14.42 4.06,13H2.06M7.1,18.37L5.67,19.74C7.18,21 9.04,21.79 11,22V20C9.58,19.82 8.23,19.25 7.1,18.37M12.5,7V12.25L17,14.92L16.25,16.15L11,13V7H12.5Z";var N2="M12,4C14.1,4 16.1,4.8 17.6,6.3C20.7,9.4 20.7,14.5 17.6,17.6C15.8,19.5 13.3,20.2 10.9,19.9L11.4,17.9C13.1,18.1 14.9,17.5 16.2,16.2C18.5,13.9 18.5,10.1 16.2,7.7C15.1,6.6 13.5,6 12,6V10.6L7,5.6L12,0.6V4M6.3,17.6C3.7,15 3.3,11 5.1,7.9L6.6,9.4C5.5,11.6 5.9,14.4 7.8,16.2C8.3,16.7 8.9,17.1 9.6,17.4L9,19.4C8,19 7.1,18.4 6.3,17.6Z";var W2="M12,2A2,2 0 0,1 14,4C14,4.74 13.6,5.39 13,5.73V7H14A7,7 0 0,1 21,14H22A1,1 0 0,1 23,15V18A1,1 0 0,1 22,19H21V20A2,2 0 0,1 19,22H5A2,2 0 0,1 3,20V19H2A1,1 0 0,1 1,18V15A1,1 0 0,1 2,14H3A7,7 0 0,1 10,7H11V5.73C10.4,5.39 10,4.74 10,4A2,2 0 0,1 12,2M7.5,13A2.5,2.5 0 0,0 5,15.5A2.5,2.5 0 0,0 7.5,18A2.5,2.5 0 0,0 10,15.5A2.5,2.5 0 0,0 7.5,13M16.5,13A2.5,2.5 0 0,0 14,15.5A2.5,2.5 0 0,0 16.5,18A2.5,2.5 0 0,0 19,15.5A2.5,2.5 0 0,0 16.5,13Z";var I2="M12,1L3,5V11C3,16.55 6.84,21.74 12,23C17.16,21.74 21,16.55 21,11V5M11,7H13V13H11M11,15H13V17H11";var J1="M10,17L6,13L7.41,11.59L10,14.17L16.59,7.58L18,9M12,1L3,5V11C3,16.55 6.84,21.74 12,23C17.16,21.74 21,16.55 21,11V5L12,1Z";var z2="M21,11C21,16.55 17.16,21.74 12,23C6.84,21.74 3,16.55 3,11V5L12,1L21,5V11M12,21C15.75,20 19,15.54 19,11.22V6.3L12,3.18L5,6.3V11.22C5,15.54 8.25,20 12,21Z";var U2="M12,9A3,3 0 0,1 15,12A3,3 0 0,1 12,15A3,3 0 0,1 9,12A3,3 0 0,1 12,9M17.86,19.31C16.23,21.22 14.28,22.45 12,23C9.44,22.39 7.3,20.93 5.58,18.63C3.86,16.34 3,13.8 3,11V5L12,1L21,5V11C21,13.39 20.36,15.61 19.08,17.67L16.17,14.76C16.69,13.97 17,13 17,12A5,5 0 0,0 12,7A5,5 0 0,0 7,12A5,5 0 0,0 12,17C13,17 13.97,16.69 14.76,16.17L17.86,19.31Z";var h1="M18,18H6V6H18V18Z";var G2="M17 13V7H19V13H17M17 17V15H19V17H17M13 13V5C13 3.3 11.7 2 10 2S7 3.3 7 5V13C4.8 14.7 4.3 17.8 6 20S10.8 22.7 13 21 15.7 16.2 14 14C13.7 13.6 13.4 13.3 13 13M10 4C10.6 4 11 4.4 11 5V8H9V5C9 4.4 9.4 4 10 4Z";var J5="aiep_miner/fleet/subscribe";var C2=class{constructor(V){this.connection=V;this.operators=new Map;this.miners=new Map;this.known=!1;this.listeners=new Set;this.attempt=0;this.restart=()=>{this.end=void 0,this.subscribe()};this.lost=()=>{this.error="disconnected",this.tell()}}listen(V){return this.listeners.add(V),this.listeners.size===1&&this.begin(),()=>{this.listeners.delete(V),this.listeners.size===0&&this.stop()}}apply(V){this.known=!0;let C=V.operator_id;if((V.operator===null||V.full===!0)&&this.forget(C),V.operator!==null){let H={...this.operators.get(C),...V.operator};this.operators.set(C,H);for(let[L,M]of Object.entries(V.miners)){let r=this.miners.get(L),t={id:L,operator_id:C,currency:H.currency};this.miners.set(L,{...r,...M,...t})}for(let L of V.removed)this.miners.delete(L)}this.tell()}forget(V){this.operators.delete(V);for(let C of this.miners.values())C.operator_id===V&&this.miners.delete(C.id)}begin(){this.connection.addEventListener("ready",this.restart),this.connection.addEventListener("disconnected",this.lost),this.subscribe()}stop(){this.connection.removeEventListener("ready",this.restart),this.connection.removeEventListener("disconnected",this.lost),clearTimeout(this.retry),this.attempt+=1,this.end?.().catch(()=>{}),this.end=void 0,this.known=!1,this.operators.clear(),this.miners.clear()}async subscribe(){clearTimeout(this.retry);let V=this.attempt+=1,C=!0,H=L=>{V===this.attempt&&(C&&(this.operators.clear(),this.miners.clear(),C=!1),this.apply(L))};try{let L=await this.connection.subscribeMessage(H,{type:J5},{resubscribe:!1});if(V!==this.attempt){await L().catch(()=>{});return}this.end=L,this.error=void 0}catch(L){if(V!==this.attempt)return;this.error=L.code??"unknown",this.retry=setTimeout(()=>{this.subscribe()},2e3)}this.tell()}tell(){for(let V of this.listeners)V()}},Q2=new WeakMap;function q2(e){let V=Q2.get(e);return V===void 0&&Q2.set(e,V=new C2(e)),V}var K2={"add.description":"Deine Miner: was sie bringen, was dich braucht, und warum jeder tut, was er tut.",attention:"Braucht dich","attention.more":"{count} weitere","attention.reviews":"{count} Entscheidungen warten auf deine Prüfung","attention.reviews_one":"Eine Entscheidung wartet auf deine Prüfung","card.evidence":"Das Protokoll: was beschlossen und getan wurde, auf welchen Belegen; prüfen und herunterladen","card.fleet":"Die Flotte: Überblick, was dich braucht, eine Zeile je Miner","card.miner":"Ein Miner: warum er läuft oder nicht, Zahlen, Bedienung, seine Geschichte","card.plan":"Der Plan: künftige Preise, und wann jeder Miner läuft, mit dem Grund","card.reviews":"Entscheidungen, die auf eine Prüfung warten: billigen oder ablehnen, mit einer Notiz","chart.hours":"{hours} h","chart.title":"Letzte Stunden","control.restart":"Neu starten","control.resume":"Automatik fortsetzen","control.start":"Starten","control.start_named":"{name} starten","control.stop":"Stoppen","control.stop_named":"{name} stoppen","editor.miner":"Miner","editor.operator":"Nur dieser Betreiber","empty.filtered":"Kein Miner passt.","empty.filtered_hint":"Alle Miner zeigen","empty.none":"Noch keine Miner","empty.none_hint":"Füge Miner unter Einstellungen, Geräte & Dienste, AIEP Miner hinzu.","error.disconnected":"Keine Verbindung zu Home Assistant; die Zahlen unten sind die letzten bekannten.","error.starting":"AIEP Miner startet noch …","evidence.broken":"Das Protokoll hält der Prüfung nicht stand","evidence.content":"Der Eintrag selbst","evidence.does_not_follow":"Folgt nicht aus dem Eintrag davor","evidence.end":"Hier beginnt das Protokoll","evidence.every_miner":"Alle Miner","evidence.export":"Herunterladen","evidence.follows":"Folgt aus dem Eintrag davor","evidence.intact":"Das Protokoll ist unversehrt","evidence.list":"Einträge","evidence.none":"Kein solcher Eintrag","evidence.not_verified":"Seit dem Start nicht geprüft","evidence.outcome":"Was daraus wurde","evidence.proof":"Beweis herunterladen","evidence.records":"{count} Einträge","evidence.rests_on":"Beruht auf","evidence.signed":"unterschrieben bis Nr. {seq}","evidence.until":"Nicht nach","evidence.verify":"Prüfen","evidence.verifying":"Prüfung","figure.bad":"In Gefahr oder ohne Kontakt","figure.break_even":"Gewinnschwelle","figure.busy":"Im Wechsel","figure.cost":"Energiekosten","figure.efficiency":"Effizienz","figure.fans":"Lüfter","figure.hashrate":"Hashrate","figure.level":"Stufe","figure.miners":"In Betrieb","figure.miners_of":"von {count}","figure.pool":"Pool","figure.power":"Leistung","figure.price":"Energie {price} {currency}/kWh","figure.profit":"Gewinn am Tag","figure.rejected":"Abgelehnte Shares","figure.revenue":"Erlös","figure.temperature":"Temperatur","figure.uptime":"Eingeschaltet seit",filter:"Zeigen","filter.all":"Alle","filter.attention":"Achtung","filter.mining":"In Betrieb","filter.off":"Aus",group:"Gruppieren","group.label":"Nach Label","group.make":"Nach Hersteller","group.none":"Ohne Gruppen","group.operator":"Nach Betreiber","kind.checkpoint":"Unterschriebener Stand","kind.decision":"Entscheidung","kind.divergence":"Störung","kind.lifecycle":"Start oder Ende von Home Assistant","kind.negative_proof":"Ablehnung","kind.override":"Übernahme","kind.plan":"Plan","kind.policy":"Einstellungen","kind.price":"Preise","kind.profit":"Gewinn","kind.proposal":"Vorschlag","kind.receipt":"Quittung","kind.review":"Prüfung","kind.telemetry":"Messwerte","label.none":"Ohne Label",ledger_broken:"Das Protokoll wurde von anderen verändert",list:"Miner","make.other":"Andere Hersteller","miner.board":"Board {number}","miner.boards":"Boards","miner.chips":"{working} von {expected} Chips","miner.choose":"Wähle einen Miner der Flotte.","miner.device":"Geräteseite","miner.evidence":"Beleg Nr. {seq}","miner.level_now":"gilt","miner.levels":"Was jede Stufe brachte","miner.missing":"Diesen Miner gibt es nicht mehr, oder du darfst ihn nicht sehen.","miner.plan":"Nächste Stunden","miner.segment":"{value} gegenüber Stillstand","miner.story":"Seine Geschichte","miner.story_forbidden":"Das Protokoll lesen nur Administratoren und wem der Betreiber es erlaubt.","miner.story_none":"Noch wurde nichts von ihm verlangt.","mode.auto":"Automatisch","mode.manual":"Handbetrieb",per_day:"am Tag","plan.figures":"Energie {energy}, Gewinnschwelle {break_even} {currency}/kWh.","plan.guessed":"Die Preise dort sind geschätzt.","plan.known":"Preise sind bis {at} bekannt, danach geschätzt.","plan.made":"Erstellt um {at}.","plan.none":"Kein Plan","plan.none_hint":"Wähle in den Optionen des Betreibers die Strategie nach Plan und nenne eine Entität mit künftigen Preisen.","plan.off":"aus","plan.price":"{low} – {high} {currency}/kWh","plan.runs":"läuft","plan.total":"{amount} bis {until}","plan.worth":"Bringt {value} gegenüber Stillstand.","record.approved":"Entscheidung gebilligt","record.decision":"Beschlossen: {action}","record.handed_back":"An die Automatik zurückgegeben","record.rejected":"Entscheidung abgelehnt","record.removed":"Nach seiner Aufbewahrungszeit entfernt; sein Hash bleibt","record.taken_over":"Von einer Person übernommen","reviews.admin":"Nur Administratoren prüfen Entscheidungen.","reviews.approve":"Billigen","reviews.none":"Nichts zu prüfen","reviews.none_hint":"Entscheidungen, die unter Aufsicht ausgeführt wurden, warten hier auf dein Urteil.","reviews.note":"Notiz (freiwillig)","reviews.reject":"Ablehnen",search:"Miner suchen",sort:"Sortieren","sort.attention":"Dringendes zuerst","sort.hashrate":"Hashrate","sort.name":"Name","sort.power":"Leistung","sort.profit":"Gewinn","sort.temperature":"Temperatur","state.contact_lost":"Kein Kontakt","state.held":"Übernommen","state.mining":"In Betrieb","state.off":"Aus","state.pending":"{action} läuft","state.problem":"Störung","state.unknown":"Unbekannt","story.accepted":"{action}: angenommen, noch nicht bestätigt","story.began":"{what}: begann","story.confirmed":"{action}: von den Messwerten bestätigt","story.ended":"{what}: vorbei","story.failed":"{action}: fehlgeschlagen","story.not_confirmed":"{action}: die Messwerte zeigen es nicht","story.refused":"{action}: abgelehnt","story.unknown":"{action}: ungewiss, ob es gewirkt hat","toast.asked":"{name}: {action} gesendet","topic.acts":"Was geschah","topic.all":"Alle Einträge","topic.decisions":"Entscheidungen","topic.faults":"Störungen","topic.people":"Personen und Einstellungen","topic.readings":"Messwerte und Preise","topic.refusals":"Ablehnungen","view.evidence":"Belege","view.fleet":"Flotte","view.miner":"Miner","view.plan":"Plan","view.reviews":"Prüfungen"};var O={"add.description":"Your miners with what they earn, what needs attention, and why each does what it does.",attention:"Needs attention","attention.more":"{count} more","attention.reviews":"{count} decisions wait for your review","attention.reviews_one":"A decision waits for your review","card.evidence":"The ledger: what was decided and done, on which evidence; verify and download","card.fleet":"The fleet: headline, what needs attention, one row a miner","card.miner":"One miner: why it runs or not, figures, controls, its story","card.plan":"The plan: prices ahead, and when each miner runs, with the reason","card.reviews":"Decisions that wait for a review: approve or reject them with a note","chart.hours":"{hours} h","chart.title":"Last hours","control.restart":"Restart","control.resume":"Resume automation","control.start":"Start","control.start_named":"Start {name}","control.stop":"Stop","control.stop_named":"Stop {name}","editor.miner":"Miner","editor.operator":"Only this operator","empty.filtered":"No miner matches.","empty.filtered_hint":"Show all miners","empty.none":"No miners yet","empty.none_hint":"Add miners under Settings, Devices & services, AIEP Miner.","error.disconnected":"No connection to Home Assistant; the figures below are the last known ones.","error.starting":"Waiting for AIEP Miner to start …","evidence.broken":"The ledger does not verify","evidence.content":"The record itself","evidence.does_not_follow":"Does not follow from the record before it","evidence.end":"The ledger begins here","evidence.every_miner":"Every miner","evidence.export":"Download","evidence.follows":"Follows from the record before it","evidence.intact":"The ledger is intact","evidence.list":"Records","evidence.none":"No such record","evidence.not_verified":"Not verified since the start","evidence.outcome":"What came of it","evidence.proof":"Download its proof","evidence.records":"{count} records","evidence.rests_on":"Rests on","evidence.signed":"signed up to no. {seq}","evidence.until":"Not after","evidence.verify":"Verify","evidence.verifying":"Verification","figure.bad":"In danger or lost","figure.break_even":"Break-even","figure.busy":"Changing","figure.cost":"Energy cost","figure.efficiency":"Efficiency","figure.fans":"Fans","figure.hashrate":"Hash rate","figure.level":"Level","figure.miners":"Mining","figure.miners_of":"of {count}","figure.pool":"Pool","figure.power":"Power","figure.price":"Energy {price} {currency}/kWh","figure.profit":"Profit a day","figure.rejected":"Rejected shares","figure.revenue":"Revenue","figure.temperature":"Temperature","figure.uptime":"Switched on for",filter:"Show","filter.all":"All","filter.attention":"Attention","filter.mining":"Mining","filter.off":"Off",group:"Group","group.label":"By label","group.make":"By make","group.none":"No groups","group.operator":"By operator","kind.checkpoint":"Signed checkpoint","kind.decision":"Decision","kind.divergence":"Fault","kind.lifecycle":"Start or stop of Home Assistant","kind.negative_proof":"Refusal","kind.override":"Takeover","kind.plan":"Plan","kind.policy":"Settings","kind.price":"Prices","kind.profit":"Profit","kind.proposal":"Proposal","kind.receipt":"Receipt","kind.review":"Review","kind.telemetry":"Reading","label.none":"Without a label",ledger_broken:"The ledger was changed by someone else",list:"Miners","make.other":"Other makes","miner.board":"Board {number}","miner.boards":"Boards","miner.chips":"{working} of {expected} chips","miner.choose":"Choose a miner from the fleet.","miner.device":"Device page","miner.evidence":"Evidence no. {seq}","miner.level_now":"in force","miner.levels":"What each level brought","miner.missing":"This miner is not there any more, or you may not see it.","miner.plan":"Next hours","miner.segment":"{value} against being off","miner.story":"Its story","miner.story_forbidden":"Only administrators, and users whom the operator lets, read the ledger.","miner.story_none":"Nothing was asked of it yet.","mode.auto":"Automatic","mode.manual":"Manual",per_day:"a day","plan.figures":"Energy {energy}, break-even {break_even} {currency}/kWh.","plan.guessed":"The prices there are guessed.","plan.known":"Prices are known until {at}; after that they are guessed.","plan.made":"Made at {at}.","plan.none":"No plan","plan.none_hint":"Choose the strategy that follows a plan in the operator's options, and name an entity with prices ahead.","plan.off":"off","plan.price":"{low} – {high} {currency}/kWh","plan.runs":"runs","plan.total":"{amount} until {until}","plan.worth":"Worth {value} against being off.","record.approved":"Decision approved","record.decision":"Decided: {action}","record.handed_back":"Handed back to the automation","record.rejected":"Decision rejected","record.removed":"Removed after its time of keeping; its hash stays","record.taken_over":"Taken over by a person","reviews.admin":"Only administrators review decisions.","reviews.approve":"Approve","reviews.none":"Nothing to review","reviews.none_hint":"Decisions that were carried out under supervision wait here for your opinion.","reviews.note":"Note (optional)","reviews.reject":"Reject",search:"Search miners",sort:"Sort","sort.attention":"Attention first","sort.hashrate":"Hash rate","sort.name":"Name","sort.power":"Power","sort.profit":"Profit","sort.temperature":"Temperature","state.contact_lost":"No contact","state.held":"Held","state.mining":"Mining","state.off":"Off","state.pending":"{action} under way","state.problem":"Problem","state.unknown":"Unknown","story.accepted":"{action}: accepted, not confirmed yet","story.began":"{what}: began","story.confirmed":"{action}: confirmed by its telemetry","story.ended":"{what}: over","story.failed":"{action}: failed","story.not_confirmed":"{action}: telemetry does not show it","story.refused":"{action}: refused","story.unknown":"{action}: not known whether it took effect","toast.asked":"{name}: {action} sent","topic.acts":"What happened","topic.all":"All records","topic.decisions":"Decisions","topic.faults":"Faults","topic.people":"People and settings","topic.readings":"Readings and prices","topic.refusals":"Refusals","view.evidence":"Evidence","view.fleet":"Fleet","view.miner":"Miner","view.plan":"Plan","view.reviews":"Reviews"};var j2={"add.description":"Tus mineros: lo que dan, lo que te necesita y por qué cada uno hace lo que hace.",attention:"Te necesita","attention.more":"{count} más","attention.reviews":"{count} decisiones esperan tu revisión","attention.reviews_one":"Una decisión espera tu revisión","card.evidence":"El registro: lo que se decidió y se hizo, con qué pruebas; verificar y descargar","card.fleet":"La flota: resumen, lo que te necesita, una fila por minero","card.miner":"Un minero: por qué funciona o no, cifras, controles, su historia","card.plan":"El plan: precios futuros y cuándo funciona cada minero, con el motivo","card.reviews":"Decisiones que esperan una revisión: aprobarlas o rechazarlas con una nota","chart.hours":"{hours} h","chart.title":"Últimas horas","control.restart":"Reiniciar","control.resume":"Reanudar la automatización","control.start":"Arrancar","control.start_named":"Arrancar {name}","control.stop":"Parar","control.stop_named":"Parar {name}","editor.miner":"Minero","editor.operator":"Solo este operador","empty.filtered":"Ningún minero coincide.","empty.filtered_hint":"Mostrar todos los mineros","empty.none":"Aún no hay mineros","empty.none_hint":"Añade mineros en Ajustes, Dispositivos y servicios, AIEP Miner.","error.disconnected":"Sin conexión con Home Assistant; las cifras de abajo son las últimas conocidas.","error.starting":"Esperando a que arranque AIEP Miner…","evidence.broken":"El registro no supera la verificación","evidence.content":"La entrada misma","evidence.does_not_follow":"No se sigue de la entrada anterior","evidence.end":"Aquí empieza el registro","evidence.every_miner":"Todos los mineros","evidence.export":"Descargar","evidence.follows":"Se sigue de la entrada anterior","evidence.intact":"El registro está íntegro","evidence.list":"Entradas","evidence.none":"No existe esa entrada","evidence.not_verified":"Sin verificar desde el inicio","evidence.outcome":"Lo que resultó","evidence.proof":"Descargar su prueba","evidence.records":"{count} entradas","evidence.rests_on":"Se basa en","evidence.signed":"firmado hasta el n.º {seq}","evidence.until":"No después de","evidence.verify":"Verificar","evidence.verifying":"Verificación","figure.bad":"En peligro o sin contacto","figure.break_even":"Umbral de rentabilidad","figure.busy":"Cambiando","figure.cost":"Coste de energía","figure.efficiency":"Eficiencia","figure.fans":"Ventiladores","figure.hashrate":"Tasa de hash","figure.level":"Nivel","figure.miners":"En marcha","figure.miners_of":"de {count}","figure.pool":"Pool","figure.power":"Potencia","figure.price":"Energía {price} {currency}/kWh","figure.profit":"Beneficio al día","figure.rejected":"Shares rechazados","figure.revenue":"Ingresos","figure.temperature":"Temperatura","figure.uptime":"Encendido desde hace",filter:"Mostrar","filter.all":"Todos","filter.attention":"Atención","filter.mining":"En marcha","filter.off":"Apagados",group:"Agrupar","group.label":"Por etiqueta","group.make":"Por marca","group.none":"Sin grupos","group.operator":"Por operador","kind.checkpoint":"Punto de control firmado","kind.decision":"Decisión","kind.divergence":"Fallo","kind.lifecycle":"Inicio o parada de Home Assistant","kind.negative_proof":"Rechazo","kind.override":"Toma de control","kind.plan":"Plan","kind.policy":"Ajustes","kind.price":"Precios","kind.profit":"Beneficio","kind.proposal":"Propuesta","kind.receipt":"Recibo","kind.review":"Revisión","kind.telemetry":"Lectura","label.none":"Sin etiqueta",ledger_broken:"El registro fue cambiado por otros",list:"Mineros","make.other":"Otras marcas","miner.board":"Placa {number}","miner.boards":"Placas","miner.chips":"{working} de {expected} chips","miner.choose":"Elige un minero de la flota.","miner.device":"Página del dispositivo","miner.evidence":"Prueba n.º {seq}","miner.level_now":"vigente","miner.levels":"Lo que dio cada nivel","miner.missing":"Este minero ya no existe, o no puedes verlo.","miner.plan":"Próximas horas","miner.segment":"{value} frente a estar apagado","miner.story":"Su historia","miner.story_forbidden":"El registro lo leen solo los administradores y los usuarios a los que el operador lo permite.","miner.story_none":"Aún no se le ha pedido nada.","mode.auto":"Automático","mode.manual":"Manual",per_day:"al día","plan.figures":"Energía {energy}, umbral {break_even} {currency}/kWh.","plan.guessed":"Los precios ahí son estimados.","plan.known":"Los precios se conocen hasta {at}; después son estimados.","plan.made":"Hecho a las {at}.","plan.none":"Sin plan","plan.none_hint":"Elige en las opciones del operador la estrategia que sigue un plan e indica una entidad con precios futuros.","plan.off":"apagado","plan.price":"{low} – {high} {currency}/kWh","plan.runs":"en marcha","plan.total":"{amount} hasta {until}","plan.worth":"Vale {value} frente a estar apagado.","record.approved":"Decisión aprobada","record.decision":"Decidido: {action}","record.handed_back":"Devuelto a la automatización","record.rejected":"Decisión rechazada","record.removed":"Eliminada tras su tiempo de conservación; su hash queda","record.taken_over":"Una persona tomó el control","reviews.admin":"Solo los administradores revisan decisiones.","reviews.approve":"Aprobar","reviews.none":"Nada que revisar","reviews.none_hint":"Las decisiones que se ejecutaron bajo supervisión esperan aquí tu opinión.","reviews.note":"Nota (opcional)","reviews.reject":"Rechazar",search:"Buscar mineros",sort:"Ordenar","sort.attention":"Lo urgente primero","sort.hashrate":"Tasa de hash","sort.name":"Nombre","sort.power":"Potencia","sort.profit":"Beneficio","sort.temperature":"Temperatura","state.contact_lost":"Sin contacto","state.held":"Controlado","state.mining":"En marcha","state.off":"Apagado","state.pending":"{action} en curso","state.problem":"Problema","state.unknown":"Desconocido","story.accepted":"{action}: aceptada, aún sin confirmar","story.began":"{what}: empezó","story.confirmed":"{action}: confirmada por sus lecturas","story.ended":"{what}: terminado","story.failed":"{action}: fallida","story.not_confirmed":"{action}: las lecturas no lo muestran","story.refused":"{action}: rechazada","story.unknown":"{action}: no se sabe si surtió efecto","toast.asked":"{name}: {action} enviada","topic.acts":"Lo que ocurrió","topic.all":"Todas las entradas","topic.decisions":"Decisiones","topic.faults":"Fallos","topic.people":"Personas y ajustes","topic.readings":"Lecturas y precios","topic.refusals":"Rechazos","view.evidence":"Pruebas","view.fleet":"Flota","view.miner":"Minero","view.plan":"Plan","view.reviews":"Revisiones"};var X2={"add.description":"Vos mineurs : ce qu'ils rapportent, ce qui demande votre attention, et pourquoi chacun fait ce qu'il fait.",attention:"À surveiller","attention.more":"{count} de plus","attention.reviews":"{count} décisions attendent votre examen","attention.reviews_one":"Une décision attend votre examen","card.evidence":"Le registre : ce qui a été décidé et fait, sur quelles preuves ; vérifier et télécharger","card.fleet":"Le parc : aperçu, ce qui demande votre attention, une ligne par mineur","card.miner":"Un mineur : pourquoi il tourne ou non, chiffres, commandes, son histoire","card.plan":"Le plan : prix à venir, et quand chaque mineur tourne, avec le motif","card.reviews":"Décisions qui attendent un examen : les approuver ou les rejeter avec une note","chart.hours":"{hours} h","chart.title":"Dernières heures","control.restart":"Redémarrer","control.resume":"Reprendre l'automatisation","control.start":"Démarrer","control.start_named":"Démarrer {name}","control.stop":"Arrêter","control.stop_named":"Arrêter {name}","editor.miner":"Mineur","editor.operator":"Seulement cet opérateur","empty.filtered":"Aucun mineur ne correspond.","empty.filtered_hint":"Afficher tous les mineurs","empty.none":"Pas encore de mineurs","empty.none_hint":"Ajoutez des mineurs sous Paramètres, Appareils et services, AIEP Miner.","error.disconnected":"Pas de connexion à Home Assistant ; les chiffres ci-dessous sont les derniers connus.","error.starting":"En attente du démarrage d'AIEP Miner…","evidence.broken":"Le registre échoue à la vérification","evidence.content":"L'entrée elle-même","evidence.does_not_follow":"Ne découle pas de l'entrée précédente","evidence.end":"Le registre commence ici","evidence.every_miner":"Tous les mineurs","evidence.export":"Télécharger","evidence.follows":"Découle de l'entrée précédente","evidence.intact":"Le registre est intact","evidence.list":"Entrées","evidence.none":"Aucune entrée de ce numéro","evidence.not_verified":"Non vérifié depuis le démarrage","evidence.outcome":"Ce qui en est résulté","evidence.proof":"Télécharger sa preuve","evidence.records":"{count} entrées","evidence.rests_on":"Repose sur","evidence.signed":"signé jusqu'au n° {seq}","evidence.until":"Pas après","evidence.verify":"Vérifier","evidence.verifying":"Vérification","figure.bad":"En danger ou sans contact","figure.break_even":"Seuil de rentabilité","figure.busy":"En changement","figure.cost":"Coût de l'énergie","figure.efficiency":"Efficacité","figure.fans":"Ventilateurs","figure.hashrate":"Taux de hachage","figure.level":"Niveau","figure.miners":"En marche","figure.miners_of":"sur {count}","figure.pool":"Pool","figure.power":"Puissance","figure.price":"Énergie {price} {currency}/kWh","figure.profit":"Bénéfice par jour","figure.rejected":"Shares rejetés","figure.revenue":"Revenu","figure.temperature":"Température","figure.uptime":"Allumé depuis",filter:"Afficher","filter.all":"Tous","filter.attention":"Attention","filter.mining":"En marche","filter.off":"Arrêtés",group:"Grouper","group.label":"Par étiquette","group.make":"Par marque","group.none":"Sans groupes","group.operator":"Par opérateur","kind.checkpoint":"Point de contrôle signé","kind.decision":"Décision","kind.divergence":"Défaut","kind.lifecycle":"Démarrage ou arrêt de Home Assistant","kind.negative_proof":"Refus","kind.override":"Prise en main","kind.plan":"Plan","kind.policy":"Paramètres","kind.price":"Prix","kind.profit":"Bénéfice","kind.proposal":"Proposition","kind.receipt":"Reçu","kind.review":"Examen","kind.telemetry":"Mesure","label.none":"Sans étiquette",ledger_broken:"Le registre a été modifié par quelqu'un d'autre",list:"Mineurs","make.other":"Autres marques","miner.board":"Carte {number}","miner.boards":"Cartes","miner.chips":"{working} puces sur {expected}","miner.choose":"Choisissez un mineur du parc.","miner.device":"Page de l'appareil","miner.evidence":"Preuve n° {seq}","miner.level_now":"en vigueur","miner.levels":"Ce qu'a donné chaque niveau","miner.missing":"Ce mineur n'existe plus, ou vous ne pouvez pas le voir.","miner.plan":"Prochaines heures","miner.segment":"{value} par rapport à l'arrêt","miner.story":"Son histoire","miner.story_forbidden":"Seuls les administrateurs, et les utilisateurs à qui l'opérateur le permet, lisent le registre.","miner.story_none":"Rien ne lui a encore été demandé.","mode.auto":"Automatique","mode.manual":"Manuel",per_day:"par jour","plan.figures":"Énergie {energy}, seuil {break_even} {currency}/kWh.","plan.guessed":"Les prix y sont estimés.","plan.known":"Les prix sont connus jusqu'à {at} ; ensuite, ils sont estimés.","plan.made":"Établi à {at}.","plan.none":"Pas de plan","plan.none_hint":"Choisissez dans les options de l'opérateur la stratégie qui suit un plan, et indiquez une entité avec les prix à venir.","plan.off":"arrêté","plan.price":"{low} – {high} {currency}/kWh","plan.runs":"en marche","plan.total":"{amount} jusqu'à {until}","plan.worth":"Vaut {value} par rapport à l'arrêt.","record.approved":"Décision approuvée","record.decision":"Décidé : {action}","record.handed_back":"Rendu à l'automatisation","record.rejected":"Décision rejetée","record.removed":"Supprimée après sa durée de conservation ; son empreinte reste","record.taken_over":"Pris en main par une personne","reviews.admin":"Seuls les administrateurs examinent les décisions.","reviews.approve":"Approuver","reviews.none":"Rien à examiner","reviews.none_hint":"Les décisions exécutées sous supervision attendent ici votre avis.","reviews.note":"Note (facultatif)","reviews.reject":"Rejeter",search:"Rechercher des mineurs",sort:"Trier","sort.attention":"L'urgent d'abord","sort.hashrate":"Taux de hachage","sort.name":"Nom","sort.power":"Puissance","sort.profit":"Bénéfice","sort.temperature":"Température","state.contact_lost":"Aucun contact","state.held":"Pris en main","state.mining":"En marche","state.off":"Arrêté","state.pending":"{action} en cours","state.problem":"Problème","state.unknown":"Inconnu","story.accepted":"{action} : acceptée, pas encore confirmée","story.began":"{what} : a commencé","story.confirmed":"{action} : confirmée par ses mesures","story.ended":"{what} : terminé","story.failed":"{action} : échouée","story.not_confirmed":"{action} : les mesures ne le montrent pas","story.refused":"{action} : refusée","story.unknown":"{action} : effet inconnu","toast.asked":"{name} : {action}, envoyé","topic.acts":"Ce qui s'est passé","topic.all":"Toutes les entrées","topic.decisions":"Décisions","topic.faults":"Défauts","topic.people":"Personnes et paramètres","topic.readings":"Mesures et prix","topic.refusals":"Refus","view.evidence":"Preuves","view.fleet":"Parc","view.miner":"Mineur","view.plan":"Plan","view.reviews":"Examens"};var e3={de:K2,en:O,es:j2,fr:X2};function i(e,V,C={}){let H=e.language.split("-")[0]??"en";return(e3[H]?.[V]??O[V]).replaceAll(/\{(\w+)\}/g,(M,r)=>String(C[r]??""))}var i1="component.aiep_miner.entity";function H2(e,V,C){for(let L of V){let M=e.localize(`${L}.${C}`);if(M!=="")return M}let H=C.replaceAll("_"," ");return H.charAt(0).toUpperCase()+H.slice(1)}function u(e,V){let C=[`${i1}.binary_sensor.problem.state_attributes.reason.state`,`${i1}.binary_sensor.operator_problem.state_attributes.reason.state`,`${i1}.sensor.reason.state`];return H2(e,C,V)}function c(e,V){return H2(e,[`${i1}.sensor.decision.state_attributes.action.state`],V)}function f1(e,V){return H2(e,[`${i1}.sensor.decision.state_attributes.origin.state`],V)}var M3=["language","locale","localize","config","user","devices"];function j(){return{schema:[{name:"operator_id",selector:{config_entry:{integration:"aiep_miner"}}}],computeLabel:()=>i({language:"en"},"editor.operator")}}var s=class extends E{static{this.properties={hass:{attribute:!1},config:{state:!0}}}static getStubConfig(){return{}}setConfig(V){this.config=V}connectedCallback(){super.connectedCallback(),this.follow()}disconnectedCallback(){super.disconnectedCallback(),this.quit?.(),this.quit=void 0}shouldUpdate(V){let C=V.get("hass"),H=this.hass;return H===void 0?!1:V.size>1||!V.has("hass")||C===void 0?!0:M3.some(L=>C[L]!==H[L])}willUpdate(V){V.has("hass")&&this.follow()}fleetChanged(){this.requestUpdate("fleet",void 0)}follow(){this.quit!==void 0||this.hass===void 0||!this.isConnected||(this.fleet=q2(this.hass.connection),this.quit=this.fleet.listen(()=>{this.fleetChanged()}),this.fleetChanged())}};var r3={comma_decimal:"en-US",decimal_comma:"de",space_comma:"fr",quote_decimal:"de-CH"},S="–";function Y2(e){return r3[e.locale.number_format]??e.locale.language}var J2=new Map;function X(e,V){let C=`${Y2(e)} ${JSON.stringify(V)}`,H=J2.get(C);return H===void 0&&J2.set(C,H=new Intl.NumberFormat(Y2(e),V)),H}function V2(e,V,C,H=3){let L=Math.abs(V??0),[M,r]=C.find(([p])=>L>=p)??C.at(-1)??[1,""];if(V===null)return{value:S,unit:r};let t=V/M,o=Math.max(1,Math.floor(Math.log10(Math.max(Math.abs(t),1)))+1),A=V===0?0:Math.max(0,H-o);return{value:X(e,{maximumFractionDigits:A}).format(t),unit:r}}var t3=[[1,""]],i3=[[1e6,"EH/s"],[1e3,"PH/s"],[1,"TH/s"],[.001,"GH/s"]],o3=[[1e6,"MW"],[1e3,"kW"],[1,"W"]];function g(e,V){return V===0?{value:"0",unit:"TH/s"}:V2(e,V,V===null?[[1,"TH/s"]]:i3)}function z(e,V){return V2(e,V,o3)}function h(e,V,C){if(V===null)return S;let H=Math.abs(V)>=1e3?0:2,L=Number(V.toFixed(H)),M={minimumFractionDigits:H,maximumFractionDigits:H,signDisplay:"negative"};try{return X(e,{...M,style:"currency",currency:C}).format(L).replace("-","−")}catch{return`${X(e,M).format(L)} ${C}`}}function f(e,V){return V===null?S:X(e,{maximumSignificantDigits:3}).format(V)}function R(e,V){return V===null?S:X(e,{maximumFractionDigits:0}).format(V)}function F(e,V){let C=new Date(V),H=C.toDateString()===new Date().toDateString(),L=e.locale.time_format==="12"?!0:e.locale.time_format==="24"?!1:void 0;return new Intl.DateTimeFormat(e.locale.language,{...H?{}:{day:"numeric",month:"short"},hour:"2-digit",minute:"2-digit",...L===void 0?{}:{hour12:L}}).format(C)}function g1(e,V,C){let H=new Date().toDateString(),L=[V,C].some(r=>new Date(r).toDateString()!==H),M=e.locale.time_format==="12"?!0:e.locale.time_format==="24"?!1:void 0;return new Intl.DateTimeFormat(e.locale.language,{...L?{day:"numeric",month:"short"}:{},hour:"2-digit",minute:"2-digit",...M===void 0?{}:{hour12:M}}).formatRange(V,C)}function Y(e,V){return V===null?S:V2(e,V,t3).value}var C5=[["day",86400,172800],["hour",3600,7200],["minute",60,0]];function H5(e,V){if(V===null)return S;let[C,H]=C5.find(([,,M])=>V>=M)??C5[2];return X(e,{style:"unit",unit:C,unitDisplay:"long",maximumFractionDigits:0}).format(V/H)}function L2(e,V){let C=e.locale.time_format==="12"?!0:e.locale.time_format==="24"?!1:void 0;return new Intl.DateTimeFormat(e.locale.language,{timeStyle:"medium",...C===void 0?{}:{hour12:C}}).format(V)}function V5(e,V){return new Intl.DateTimeFormat(e.locale.language,{dateStyle:"full"}).format(V)}var e2={acts:["receipt","negative_proof","divergence","override","review","lifecycle","policy"],decisions:["decision"],refusals:["negative_proof"],faults:["divergence"],people:["override","review","policy"],readings:["telemetry","price","profit","plan"],all:[]},a3=60;function e5(e,V,C,H){return e.callWS({type:"aiep_miner/ledger/records",operator_id:V,kinds:e2[C.topic],order:"newest_first",limit:a3,...C.miner_id?{miner_id:C.miner_id}:{},...C.until_ms===void 0?{}:{to_ts:C.until_ms},...H===null?{}:{cursor:H}})}function M5(e,V,C){return e.callWS({type:"aiep_miner/ledger/evidence",operator_id:V,seq:C})}function r5(e,V){return e.callWS({type:"aiep_miner/ledger/status",operator_id:V})}async function t5(e,V,C){let H=await e.callWS({type:"auth/sign_path",path:`/api/aiep_miner/operators/${V}/ledger/${C}`,expires:60}),L=document.createElement("a");L.href=H.path,L.download="",document.body.append(L),L.click(),L.remove()}var b=e=>typeof e=="string"?e:"",A3={confirmed:"good",accepted:"busy",not_confirmed:"warn",failed:"bad",unknown:"warn"};function n3(e,V){let C=b(V.outcome),H=i(e,`story.${C}`,{action:c(e,b(V.action))}),L=C==="failed"?u(e,b(V.reason)):"";return{tone:A3[C]??"idle",title:H,detail:L}}function d3(e,V){return{tone:"idle",title:i(e,"story.refused",{action:c(e,b(V.action))}),detail:u(e,b(V.rule))}}function p3(e,V){let C=V.active!==!1,H=u(e,b(V.code)),L=i(e,C?"story.began":"story.ended",{what:H});return{tone:C?"warn":"good",title:L,detail:""}}function m3(e,V){let C=V.authorised===!0,H=i(e,"record.decision",{action:c(e,b(V.action))}),L=Array.isArray(V.reasons)?V.reasons:[],M=b(V.suppressed_by),r=[...new Set([M,...L].filter(Boolean))].map(t=>u(e,t));return{tone:C?"good":"idle",title:H,detail:r.join(", ")}}function l3(e,V){let C=typeof V.until_ms!="number"?"record.handed_back":"record.taken_over";return{tone:"busy",title:i(e,C),detail:""}}function v3(e,V){let C=V.approved===!0,H=i(e,C?"record.approved":"record.rejected");return{tone:C?"good":"warn",title:H,detail:b(V.note)}}function x3(e){return e.filter(V=>V!==void 0).join(", ")}function L5({value:e,unit:V}){return`${e} ${V}`}var O1=e=>typeof e=="number"?e:void 0;function s3(e,V){let C=i(e,"kind.telemetry");if(typeof V.error=="string")return{tone:"warn",title:C,detail:u(e,V.error)};let H=V.reading??{},L=H.temperatures??[],M=L.length?Math.max(...L.map(A=>A.temperature_c)):null,r=O1(H.hashrate_ths),t=O1(H.power_w),o=x3([r===void 0?void 0:L5(g(e,r)),t===void 0?void 0:L5(z(e,t)),M===null?void 0:`${Y(e,M)} °C`]);return{tone:"idle",title:C,detail:o}}function u3(e,V){let C=O1(V.energy_price_per_kwh),H=C===void 0?"":`${f(e,C)} / kWh`;return{tone:"idle",title:i(e,"kind.price"),detail:H}}function Z3(e,V){let C=O1(V.profit_per_day),H=C===void 0?"":`${f(e,C)} ${i(e,"per_day")}`;return{tone:"idle",title:i(e,"kind.profit"),detail:H}}function c3(e,V){let C=c(e,b(V.action));return{tone:"idle",title:`${i(e,"kind.proposal")}: ${C}`,detail:""}}var S3={receipt:n3,negative_proof:d3,divergence:p3,decision:m3,override:l3,review:v3,telemetry:s3,price:u3,profit:Z3,proposal:c3};function o1(e,V){let C=i(e,`kind.${V.kind}`);if(V.body===null)return{tone:"idle",title:C,detail:i(e,"record.removed")};let H=S3[V.kind];return H===void 0?{tone:"idle",title:C,detail:""}:H(e,V.body)}var i5=Z`
  .page {
    container: evidence / inline-size;
    max-width: 1180px;
    margin: 0 auto;
    padding: 16px;
    box-sizing: border-box;
  }
  .page > * + * {
    margin-top: 16px;
  }
  .seal {
    padding: 20px 24px;
    display: flex;
    flex-wrap: wrap;
    gap: 16px 20px;
    align-items: center;
  }
  .seal .badge {
    width: 56px;
    height: 56px;
  }
  .seal .badge svg.icon {
    width: 30px;
    height: 30px;
  }
  .seal .text {
    flex: 1 1 260px;
    min-width: 0;
  }
  h1 {
    margin: 0;
    font-size: 20px;
    line-height: 26px;
    font-weight: 500;
  }
  .seal small {
    display: block;
    font-size: 13px;
    line-height: 19px;
    color: var(--faint);
    overflow-wrap: anywhere;
  }
  .hash {
    font-family: var(--ha-font-family-code, monospace);
    font-size: 12px;
    overflow-wrap: anywhere;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: 10px;
  }
  .pillbutton {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    height: 40px;
    padding: 0 18px 0 14px;
    border-radius: 20px;
    font-size: 14px;
    font-weight: 500;
    border: 1px solid var(--line);
    box-sizing: border-box;
  }
  .pillbutton.main {
    border-color: transparent;
    color: color-mix(in srgb, var(--primary-color) 60%, var(--ink));
    background: color-mix(in srgb, var(--primary-color) 16%, transparent);
  }
  .pillbutton[disabled] {
    opacity: 0.55;
    cursor: default;
  }
  .progress {
    flex: 1 1 100%;
    height: 6px;
    border-radius: 3px;
    overflow: hidden;
    background: color-mix(in srgb, var(--faint) 18%, transparent);
  }
  .progress i {
    display: block;
    height: 100%;
    border-radius: 3px;
    background: var(--primary-color);
    transition: width 0.4s ease;
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    padding: 12px 16px;
    border-bottom: 1px solid var(--line);
  }
  select,
  input {
    font: inherit;
    font-size: 14px;
    color: var(--ink);
    height: 36px;
    box-sizing: border-box;
    border: 1px solid var(--line);
    border-radius: 18px;
    background: transparent;
    padding: 0 14px;
    max-width: 100%;
  }
  option {
    color: var(--ink);
    background: var(--paper);
  }
  ol {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  .day {
    padding: 16px 20px 6px;
    font-size: 13px;
    font-weight: 500;
    color: var(--faint);
  }
  .entry {
    display: grid;
    grid-template-columns: 64px 12px minmax(0, 1fr) auto;
    gap: 12px;
    align-items: start;
    width: 100%;
    text-align: start;
    padding: 10px 20px;
    box-sizing: border-box;
    font-size: 14px;
    line-height: 20px;
  }
  .entry:hover {
    background: color-mix(in srgb, var(--ink) 4%, transparent);
  }
  .entry:focus-visible {
    outline-offset: -3px;
  }
  .entry time,
  .entry .seq {
    color: var(--faint);
    font-size: 13px;
    font-variant-numeric: tabular-nums;
  }
  .entry .dot {
    width: 10px;
    height: 10px;
    margin-top: 5px;
    border-radius: 50%;
    background: var(--tone);
  }
  .entry .detail {
    display: block;
    font-size: 13px;
    color: var(--faint);
  }
  .open {
    margin: 0 20px 14px 108px;
    padding: 14px 16px;
    border-radius: 10px;
    background: color-mix(in srgb, var(--faint) 8%, transparent);
    font-size: 13px;
    line-height: 19px;
  }
  .open h3 {
    font-size: 13px;
    font-weight: 500;
    margin: 12px 0 4px;
  }
  .open .links {
    display: grid;
    gap: 2px;
  }
  .open .link {
    text-align: start;
    min-height: 28px;
    color: color-mix(in srgb, var(--primary-color) 70%, var(--ink));
  }
  .open .link span {
    color: var(--faint);
  }
  .open pre {
    margin: 8px 0 0;
    padding: 10px 12px;
    border-radius: 8px;
    overflow: auto;
    max-height: 260px;
    font-size: 12px;
    background: color-mix(in srgb, var(--faint) 8%, transparent);
  }
  .open summary {
    cursor: pointer;
    margin-top: 10px;
    min-height: 24px;
  }
  .open .pillbutton {
    margin-top: 12px;
  }
  .end {
    padding: 20px;
    text-align: center;
    font-size: 14px;
    color: var(--faint);
  }
  @container evidence (max-width: 620px) {
    .seal {
      padding: 16px;
    }
    .tools select,
    .tools input {
      flex: 1 1 44%;
      min-width: 0;
    }
    .entry {
      grid-template-columns: 12px minmax(0, 1fr) auto;
      padding: 10px 14px;
    }
    .entry time {
      grid-column: 2;
      grid-row: 2;
      margin-top: -8px;
    }
    .open {
      margin: 0 14px 14px;
    }
  }
`;function k(e){return!e.contact||e.problems.includes("overheat")?"bad":e.problems.length>0?"warn":e.pending!==null?"busy":e.mining===!0?"good":"idle"}function b1(e){return!e.contact||e.problems.length>0}function a5(e){if(e.temperature_c!==null)return e.temperature_c>=e.limit_c?"hot":e.temperature_c>=e.limit_c-5?"warm":"cool"}function h3(e,V){return V==="mining"?e.mining===!0:V==="off"?e.mining!==!0:V==="all"||b1(e)}function f3(e,V){let C=V.trim().toLowerCase();return C===""?!0:[e.name,e.make,e.model,e.sentence,e.level].some(H=>H?.toLowerCase().includes(C))}var g3=["bad","warn","busy","good","idle"],A5=new Intl.Collator(void 0,{numeric:!0,sensitivity:"base"}),O3={attention:e=>g3.indexOf(k(e)),hashrate:e=>e.hashrate_ths,temperature:e=>e.temperature_c,profit:e=>e.profit_per_day,power:e=>e.power_w};function b3(e){let V=(L,M)=>A5.compare(L.name,M.name),C=e.descending?-1:1;if(e.key==="name")return(L,M)=>C*V(L,M);let H=O3[e.key];return(L,M)=>{let r=H(L),t=H(M);return r===null||t===null?r===t?V(L,M):r===null?1:-1:C*(r-t)||V(L,M)}}function n5(e,V,C){let H=[...e].filter(M=>h3(M,V.filter)&&f3(M,V.text)).sort(b3(V.sort));if(V.group==="none")return H.map(M=>({miner:M}));let L=new Map;for(let M of H){let r=C(M),t=L.get(r);t===void 0?L.set(r,[M]):t.push(M)}return[...L.keys()].sort((M,r)=>A5.compare(M,r)).flatMap(M=>{let r=L.get(M)??[];return[{heading:M,key:`group:${M}`,miners:r},...r.map(t=>({miner:t}))]})}function o5(e,V){let C=e.map(V).filter(H=>H!==null);return C.length>0?C.reduce((H,L)=>H+L,0):null}function M2(e){let V=[...e],C=new Map,H={good:0,idle:0,busy:0,warn:0,bad:0};for(let L of V)H[k(L)]+=1,L.profit_per_day!==null&&C.set(L.currency,(C.get(L.currency)??0)+L.profit_per_day);return{miners:V.length,mining:V.filter(L=>L.mining===!0).length,hashrate_ths:o5(V,L=>L.hashrate_ths),power_w:o5(V,L=>L.power_w),profit:C,tones:H}}var w=Z`
  :host {
    --good: var(--success-color, #43a047);
    --warn: var(--warning-color, #ffa600);
    --bad: var(--error-color, #db4437);
    --busy: var(--info-color, #039be5);
    --idle: var(--secondary-text-color, #727272);
    --ink: var(--primary-text-color, #141414);
    --faint: color-mix(in srgb, var(--secondary-text-color, #727272) 88%, var(--ink));
    --line: var(--divider-color, rgb(0 0 0 / 12%));
    --paper: var(--ha-card-background, var(--card-background-color, #fff));
    --round: var(--restore-card-border-radius, var(--ha-card-border-radius, 12px));
    display: block;
    color: var(--ink);
    font-family: var(--ha-font-family-body, Roboto, sans-serif);
    -webkit-font-smoothing: antialiased;
  }
  .panel {
    background: var(--paper);
    /* A panel view takes the borders of its one card away, and says what they were. */
    border: var(--restore-card-border-width, var(--ha-card-border-width, 1px)) solid
      var(--ha-card-border-color, var(--line));
    border-radius: var(--round);
    box-shadow: var(--restore-card-box-shadow, var(--ha-card-box-shadow, none));
  }
  .good {
    --tone: var(--good);
  }
  .warn {
    --tone: var(--warn);
  }
  .bad {
    --tone: var(--bad);
  }
  .busy {
    --tone: var(--busy);
  }
  .idle {
    --tone: var(--idle);
  }
  .badge {
    display: grid;
    place-items: center;
    width: 40px;
    height: 40px;
    border-radius: 50%;
    flex: none;
    color: color-mix(in srgb, var(--tone) 85%, var(--ink));
    background: color-mix(in srgb, var(--tone) 16%, transparent);
  }
  svg.icon {
    width: 22px;
    height: 22px;
    fill: currentcolor;
    display: block;
  }
  .number {
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .unit {
    color: var(--faint);
    font-weight: 400;
  }
  .minus {
    color: color-mix(in srgb, var(--bad) 80%, var(--ink));
  }
  .plus {
    color: color-mix(in srgb, var(--good) 72%, var(--ink));
  }
  button {
    font: inherit;
    color: inherit;
    background: none;
    border: none;
    padding: 0;
    cursor: pointer;
  }
  button:focus-visible,
  a:focus-visible,
  input:focus-visible,
  select:focus-visible {
    outline: 2px solid var(--primary-color);
    outline-offset: 2px;
  }
  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .heat {
    --tone: var(--good);
    position: relative;
    display: block;
    height: 5px;
    border-radius: 3px;
    background: color-mix(in srgb, var(--faint) 20%, transparent);
    overflow: hidden;
  }
  .heat.warm {
    --tone: var(--warn);
  }
  .heat.hot {
    --tone: var(--bad);
  }
  .heat i {
    position: absolute;
    inset: 0 auto 0 0;
    border-radius: 3px;
    background: var(--tone);
    transition: width 0.6s ease;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      transition: none !important;
      animation-duration: 1ms !important;
    }
  }
`;function x(e){return a`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    ${K`<path d=${e}></path>`}
  </svg>`}function k3(e){return e.contact?e.problems.includes("overheat")?G2:e.problems.length>0?b2:e.pending!==null?$2:e.held_until_ms!==null?B2:e.mining===null?T2:e.mining?_2:D2:R2}function a1(e,V){if(!V.contact)return i(e,"state.contact_lost");let C=V.problems[0];return C!==void 0?u(e,C):V.pending!==null?i(e,"state.pending",{action:c(e,V.pending)}):V.mining===null?i(e,"state.unknown"):i(e,V.mining?"state.mining":"state.off")}var U=e=>a`<span class="badge ${k(e)}">${x(k3(e))}</span>`;function A1(e,V){if(V.temperature_c===null)return a`<span class="unit">${S}</span>`;let C=Math.min(100,V.temperature_c/V.limit_c*100);return a`<span class="number"
      >${R(e,V.temperature_c)}<span class="unit"
        > / ${R(e,V.limit_c)} °C</span
      ></span
    >
    <span class="heat ${a5(V)??""}"><i style="width:${C}%"></i></span>`}var w3=400,k1=class extends s{constructor(){super();this.asked=0;this.sentinel=new IntersectionObserver(C=>{C.some(H=>H.isIntersecting)&&this.more()},{rootMargin:"600px"});this.operatorId="",this.wanted={topic:"acts",miner_id:"",until_ms:void 0},this.records=[],this.next=void 0,this.refused=!1,this.verifying=!1}static{this.styles=[w,i5]}static{this.properties={...s.properties,operatorId:{state:!0},wanted:{state:!0},status:{state:!0},records:{state:!0},next:{state:!0},opened:{state:!0},shown:{state:!0},refused:{state:!0},verifying:{state:!0}}}static{this.getConfigForm=j}getCardSize(){return 10}getGridOptions(){return{columns:"full",min_columns:6}}disconnectedCallback(){super.disconnectedCallback(),this.sentinel.disconnect()}willUpdate(C){super.willUpdate(C);let H=[...this.fleet?.operators.keys()??[]],L=this.config?.operator_id??H[0];if(this.operatorId===""&&L!==void 0){this.operatorId=L;let M=new URLSearchParams(location.search),r=M.get("miner");r!==null&&(this.wanted={...this.wanted,miner_id:r}),this.restart();let t=Number(M.get("seq"));t>0&&this.unfold(t)}}updated(){let C=this.renderRoot.querySelector(".end");this.sentinel.disconnect(),C!==null&&this.sentinel.observe(C)}async restart(){this.records=[],this.next=void 0,this.asked+=1,await Promise.all([this.fetchPage(null),this.refreshStatus()])}async more(){let C=this.next;C!=null&&(this.next=void 0,await this.fetchPage(C))}async fetchPage(C){let{hass:H,asked:L}=this;if(H!==void 0)try{let M=await e5(H,this.operatorId,this.wanted,C);if(L!==this.asked)return;this.records=[...this.records,...M.records],this.next=M.next_cursor}catch(M){this.next=null,this.refused=M.code==="unauthorized"}}async refreshStatus(){if(this.hass!==void 0)try{this.status=await r5(this.hass,this.operatorId)}catch{}}async verify(){let{hass:C}=this;if(C===void 0||this.verifying)return;this.verifying=!0;let H=setInterval(()=>{this.refreshStatus()},w3);try{let L={config_entry_id:this.operatorId};await C.callService("aiep_miner","verify_ledger",L)}catch{}clearInterval(H),await this.refreshStatus(),this.verifying=!1}async unfold(C){if(this.shown=void 0,this.opened=this.opened===C?void 0:C,this.hass===void 0||this.opened===void 0)return;let H=await M5(this.hass,this.operatorId,C).catch(()=>{});if(!(this.opened!==C||H===void 0)){if(!this.records.some(L=>L.seq===C)){let L=[...this.records,H.record];this.records=L.sort((M,r)=>r.seq-M.seq)}this.shown=H,await this.updateComplete,this.renderRoot.querySelector(".open")?.scrollIntoView({block:"nearest"})}}want(C){this.wanted={...this.wanted,...C},this.restart()}save(C){this.hass!==void 0&&t5(this.hass,this.operatorId,C)}render(){let{hass:C,fleet:H}=this;return C===void 0||H?.known!==!0?n:this.refused?a`<div class="page">
        <div class="panel end">${i(C,"miner.story_forbidden")}</div>
      </div>`:a`<div class="page">
      ${this.seal(C)}
      <section class="panel" aria-label=${i(C,"evidence.list")}>
        ${this.tools(C)} ${this.list(C)}
      </section>
    </div>`}seal(C){let{status:H}=this;if(H===void 0)return n;let{tone:L,word:M,path:r}=y3[P3(H)];return a`<header class="panel seal">
      <span class="badge ${L}">${x(r)}</span>
      <div class="text">
        <h1 role="status">${i(C,M)}</h1>
        <small
          >${i(C,"evidence.records",{count:R(C,H.records)})}${H.signed?` · ${i(C,"evidence.signed",{seq:H.signed.seq})}`:""}</small
        >
        <small class="hash" title=${H.head}>${T3(H.head)}</small>
      </div>
      <div class="buttons">
        <button
          class="pillbutton main"
          ?disabled=${this.verifying}
          @click=${()=>{this.verify()}}
        >
          ${x(J1)}${i(C,"evidence.verify")}
        </button>
        <button
          class="pillbutton"
          @click=${()=>{this.save("export")}}
        >
          ${x(Y1)}${i(C,"evidence.export")}
        </button>
      </div>
      ${this.verifying?B3(C,H.verifying??0):n}
    </header>`}tools(C){let H=[...this.fleet?.operators??[]],L=[...this.fleet?.miners.values()??[]].filter(M=>M.operator_id===this.operatorId);return a`<div class="tools">
      ${H.length<2||this.config?.operator_id?n:r2(i(C,"editor.operator"),H.map(([M,r])=>[M,r.title]),this.operatorId,M=>{this.operatorId=M,this.status=void 0,this.want({miner_id:""})})}
      ${r2(i(C,"filter"),Object.keys(e2).map(M=>[M,i(C,`topic.${M}`)]),this.wanted.topic,M=>{this.want({topic:M})})}
      ${r2(i(C,"editor.miner"),[["",i(C,"evidence.every_miner")],...L.map(M=>[M.id,M.name])],this.wanted.miner_id,M=>{this.want({miner_id:M})})}
      <input
        type="datetime-local"
        aria-label=${i(C,"evidence.until")}
        title=${i(C,"evidence.until")}
        @change=${M=>{let r=M.target.valueAsNumber,t=M.target.value;this.want({until_ms:Number.isNaN(r)?void 0:new Date(t).getTime()})}}
      />
    </div>`}list(C){let H="";return a`<ol>
        ${this.records.map(L=>{let M=V5(C,L.ts),r=M===H?n:a`<li class="day">${M}</li>`;return H=M,a`${r}
            <li>${this.entry(C,L)}</li>`})}
      </ol>
      <div class="end">
        ${this.next===null?i(C,this.records.length?"evidence.end":"evidence.none"):"…"}
      </div>`}entry(C,H){let{tone:L,title:M,detail:r}=o1(C,H),t=this.fleet?.miners.get(H.subject)?.name,o=this.opened===H.seq;return a`<button
        class="entry"
        aria-expanded=${o}
        @click=${()=>{this.unfold(H.seq)}}
      >
        <time datetime=${new Date(H.ts).toISOString()}>${L2(C,H.ts)}</time>
        <span class="dot ${L}"></span>
        <span>${t===void 0?"":`${t} · `}${M}<span class="detail">${r}</span></span>
        <span class="seq">${H.seq}</span>
      </button>
      ${o&&this.shown!==void 0?this.unfolded(C,this.shown):n}`}unfolded(C,H){let{record:L,named:M,outcomes:r}=H;return a`<div class="open">
      ${i(C,H.chain.follows?"evidence.follows":"evidence.does_not_follow")}
      <div class="hash">${L.hash}</div>
      ${this.links(C,"evidence.rests_on",M.map(t=>t.record).filter(t=>t!==null))}
      ${this.links(C,"evidence.outcome",r)}
      <details>
        <summary>${i(C,"evidence.content")}</summary>
        <pre tabindex="0">${JSON.stringify(L.body,null,2)}</pre>
      </details>
      ${this.proof(C,H)}
    </div>`}proof(C,{record:H,named:L}){let M=H.kind==="decision"?H:L.find(r=>r.name==="decision"&&r.record!==null)?.record;return M==null?n:a`<button
      class="pillbutton"
      @click=${()=>{this.save(`bundle/${M.seq}`)}}
    >
      ${x(Y1)}${i(C,"evidence.proof")}
    </button>`}links(C,H,L){return L.length===0?n:a`<h3>${i(C,H)}</h3>
      <div class="links">
        ${L.map(M=>{let{title:r,detail:t}=o1(C,M);return a`<button class="link" @click=${()=>{this.unfold(M.seq)}}>
            ${r} <span>${t} ${L2(C,M.ts)} · ${M.seq}</span>
          </button>`})}
      </div>`}},y3={broken:{tone:"bad",word:"evidence.broken",path:I2},intact:{tone:"good",word:"evidence.intact",path:J1},unknown:{tone:"idle",word:"evidence.not_verified",path:z2}};function P3(e){return e.broken!==null?"broken":e.verification===null?"unknown":"intact"}function r2(e,V,C,H){return a`<select
    aria-label=${e}
    @change=${L=>{H(L.target.value)}}
  >
    ${V.map(([L,M])=>a`<option value=${L} ?selected=${L===C}>${M}</option>`)}
  </select>`}function B3(e,V){let C=Math.round(V*100);return a`<div
    class="progress"
    role="progressbar"
    aria-label=${i(e,"evidence.verifying")}
    aria-valuemin="0"
    aria-valuemax="100"
    aria-valuenow=${C}
  >
    <i style="width:${C}%"></i>
  </div>`}function T3(e){let[V="",C=""]=e.split(":");return`${V}:${C.slice(0,12)}…${C.slice(-8)}`}var d5={ATTRIBUTE:1,CHILD:2,PROPERTY:3,BOOLEAN_ATTRIBUTE:4,EVENT:5,ELEMENT:6},p5=e=>(...V)=>({_$litDirective$:e,values:V}),w1=class{constructor(V){}get _$AU(){return this._$AM._$AU}_$AT(V,C,H){this._$Ct=V,this._$AM=C,this._$Ci=H}_$AS(V,C){return this.update(V,C)}update(V,C){return this.render(...C)}};var{I:R3}=g2,m5=e=>e;var l5=()=>document.createComment(""),J=(e,V,C)=>{let H=e._$AA.parentNode,L=V===void 0?e._$AB:V._$AA;if(C===void 0){let M=H.insertBefore(l5(),L),r=H.insertBefore(l5(),L);C=new R3(M,r,e,e.options)}else{let M=C._$AB.nextSibling,r=C._$AM,t=r!==e;if(t){let o;C._$AQ?.(e),C._$AM=e,C._$AP!==void 0&&(o=e._$AU)!==r._$AU&&C._$AP(o)}if(M!==L||t){let o=C._$AA;for(;o!==M;){let A=m5(o).nextSibling;m5(H).insertBefore(o,L),o=A}}}return C},_=(e,V,C=e)=>(e._$AI(V,C),e),F3={},v5=(e,V=F3)=>e._$AH=V,x5=e=>e._$AH,y1=e=>{e._$AR(),e._$AA.remove()};var s5=(e,V,C)=>{let H=new Map;for(let L=V;L<=C;L++)H.set(e[L],L);return H},u5=p5(class extends w1{constructor(e){if(super(e),e.type!==d5.CHILD)throw Error("repeat() can only be used in text expressions")}dt(e,V,C){let H;C===void 0?C=V:V!==void 0&&(H=V);let L=[],M=[],r=0;for(let t of e)L[r]=H?H(t,r):r,M[r]=C(t,r),r++;return{values:M,keys:L}}render(e,V,C){return this.dt(e,V,C).values}update(e,[V,C,H]){let L=x5(e),{values:M,keys:r}=this.dt(V,C,H);if(!Array.isArray(L))return this.ut=r,M;let t=this.ut??=[],o=[],A,p,d=0,m=L.length-1,l=0,v=M.length-1;for(;d<=m&&l<=v;)if(L[d]===null)d++;else if(L[m]===null)m--;else if(t[d]===r[l])o[l]=_(L[d],M[l]),d++,l++;else if(t[m]===r[v])o[v]=_(L[m],M[v]),m--,v--;else if(t[d]===r[v])o[v]=_(L[d],M[v]),J(e,o[v+1],L[d]),d++,v--;else if(t[m]===r[l])o[l]=_(L[m],M[l]),J(e,L[d],L[m]),m--,l++;else if(A===void 0&&(A=s5(r,l,v),p=s5(t,d,m)),A.has(t[d]))if(A.has(t[m])){let y=p.get(r[l]),N1=y!==void 0?L[y]:null;if(N1===null){let i2=J(e,L[d]);_(i2,M[l]),o[l]=i2}else o[l]=_(N1,M[l]),J(e,L[d],N1),L[y]=null;l++}else y1(L[m]),m--;else y1(L[d]),d++;for(;l<=v;){let y=J(e,o[v+1]);_(y,M[l]),o[l++]=y}for(;d<=m;){let y=L[d++];y!==null&&y1(y)}return this.ut=r,v5(e,o),T}});function n1(e,V,C){e.dispatchEvent(new CustomEvent(V,{detail:C,bubbles:!0,composed:!0}))}function G(e){history.pushState(null,"",e),n1(window,"location-changed",{replace:!1})}function Q(e,V){customElements.get(e)===void 0&&customElements.define(e,V)}function d1(e){return e.entity_id?.startsWith("switch.")===!0&&e.contact}function Z5(e){return d1(e)&&e.mining!==!1}async function P1(e,V,C,H){if(C.entity_id===null)return;try{let M=H?"turn_on":"turn_off";await e.callService("switch",M,{},{entity_id:C.entity_id})}catch{return}let L={name:C.name,action:c(e,H?"run":"stop")};n1(V,"hass-notification",{message:i(e,"toast.asked",L)})}var c5=Z`
  .page {
    container: fleet / inline-size;
    max-width: 1360px;
    margin: 0 auto;
    padding: 16px;
    box-sizing: border-box;
  }
  .page > * + * {
    margin-top: 16px;
  }

  /* The headline. */
  .headline {
    padding: 20px 24px;
  }
  .top {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 12px;
    align-items: center;
    justify-content: space-between;
  }
  h1 {
    font-size: 20px;
    font-weight: 500;
    margin: 0;
    letter-spacing: 0.1px;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }
  .fact {
    font-size: 13px;
    line-height: 28px;
    padding: 0 12px;
    border-radius: 14px;
    color: var(--ink);
    background: color-mix(in srgb, var(--tone, var(--faint)) 14%, transparent);
  }
  .figures {
    display: grid;
    grid-template-columns: repeat(4, minmax(0, 1fr));
    gap: 16px;
    margin: 18px 0 20px;
  }
  .figure {
    min-width: 0;
  }
  .figure dt {
    font-size: 13px;
    color: var(--faint);
    margin-bottom: 2px;
  }
  .figure dd {
    margin: 0;
    font-size: 34px;
    line-height: 42px;
    font-weight: 500;
    letter-spacing: -0.5px;
    white-space: nowrap;
  }
  .figure dd .unit {
    font-size: 16px;
    letter-spacing: 0;
    margin-left: 4px;
  }
  .figure dd + dd {
    font-size: 20px;
    line-height: 26px;
  }
  .share {
    display: flex;
    gap: 3px;
    height: 10px;
  }
  .share i {
    background: var(--tone);
    border-radius: 5px;
    min-width: 10px;
    transition: flex-grow 0.6s ease;
  }
  .share i.idle {
    opacity: 0.45;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 18px;
    margin-top: 10px;
    font-size: 13px;
    color: var(--faint);
  }
  .legend span::before {
    content: "";
    display: inline-block;
    width: 8px;
    height: 8px;
    margin-right: 7px;
    border-radius: 50%;
    background: var(--tone);
  }
  .legend b {
    color: var(--ink);
    font-weight: 500;
  }

  .next {
    margin: 12px 0 0;
    font-size: 14px;
    line-height: 20px;
  }

  /* What needs attention. */
  h2 {
    font-size: 15px;
    font-weight: 500;
    margin: 0 0 8px 4px;
  }
  .alerts {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr));
    gap: 10px;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .alert {
    display: flex;
    gap: 12px;
    align-items: center;
    padding: 12px 16px 12px 12px;
    min-height: 44px;
    color: inherit;
    text-decoration: none;
    text-align: start;
    position: relative;
    overflow: hidden;
    width: 100%;
    box-sizing: border-box;
    height: 100%;
  }
  .alert::before {
    content: "";
    position: absolute;
    inset: 0;
    background: color-mix(in srgb, var(--tone) 8%, transparent);
    border-inline-start: 4px solid var(--tone);
    pointer-events: none;
  }
  .alert b {
    display: block;
    font-weight: 500;
    font-size: 14px;
  }
  .alert small,
  .sentence {
    font-size: 13px;
    line-height: 18px;
    color: var(--faint);
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
  }

  .alert .badge {
    z-index: 1;
  }
  .more {
    display: block;
    height: 40px;
    padding: 0 8px;
    font-size: 14px;
    color: color-mix(in srgb, var(--primary-color) 75%, var(--ink));
  }

  /* The toolbar. */
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
    padding: 12px 16px;
    border-bottom: 1px solid var(--line);
  }
  .tools .grow {
    flex: 1 1 180px;
    position: relative;
    min-width: 150px;
  }
  input,
  select {
    font: inherit;
    font-size: 14px;
    color: var(--ink);
    height: 36px;
    box-sizing: border-box;
    border: 1px solid var(--line);
    border-radius: 18px;
    background: transparent;
    padding: 0 14px;
  }
  input {
    width: 100%;
    padding-inline-start: 38px;
  }
  input::placeholder {
    color: var(--faint);
    opacity: 1;
  }
  select {
    appearance: none;
    padding-inline-end: 30px;
    cursor: pointer;
    max-width: 170px;
    text-overflow: ellipsis;
  }
  option {
    color: var(--ink);
    background: var(--paper);
  }
  .pick {
    position: relative;
    display: inline-flex;
  }
  .pick svg.icon {
    position: absolute;
    inset-inline-end: 8px;
    top: 8px;
    width: 20px;
    height: 20px;
    pointer-events: none;
    color: var(--faint);
  }
  .grow svg.icon {
    position: absolute;
    inset-inline-start: 11px;
    top: 8px;
    width: 20px;
    height: 20px;
    color: var(--faint);
  }
  .chips {
    display: flex;
    gap: 6px;
    overflow-x: auto;
    scrollbar-width: none;
    padding: 2px;
  }
  .chip {
    height: 36px;
    padding: 0 14px;
    border-radius: 18px;
    border: 1px solid var(--line);
    font-size: 14px;
    white-space: nowrap;
    flex: none;
  }
  .chip b {
    font-weight: 500;
    margin-inline-start: 5px;
    color: var(--faint);
    font-variant-numeric: tabular-nums;
  }
  .chip[aria-pressed="true"] {
    border-color: transparent;
    background: color-mix(in srgb, var(--primary-color) 18%, transparent);
  }
  .chip[aria-pressed="true"] b {
    color: inherit;
  }

  /* The list. */
  .columns,
  .row {
    display: grid;
    grid-template-columns: 40px minmax(200px, 1fr) 84px 160px 116px 84px 40px;
    column-gap: 16px;
    align-items: center;
    padding: 0 16px;
  }
  .columns {
    height: 34px;
    font-size: 12px;
    color: var(--faint);
    border-bottom: 1px solid var(--line);
  }
  .columns button {
    text-align: start;
    color: var(--faint);
    height: 32px;
    white-space: nowrap;
  }
  .columns button[aria-pressed="true"] {
    color: var(--ink);
    font-weight: 500;
  }
  .columns .end {
    text-align: end;
  }
  .rows {
    position: relative;
    overflow: hidden;
    border-radius: 0 0 var(--round) var(--round);
  }
  .row,
  .group {
    position: absolute;
    inset: 0 0 auto;
    box-sizing: border-box;
    border-bottom: 1px solid color-mix(in srgb, var(--line) 60%, transparent);
    overflow: hidden;
  }
  .group {
    display: flex;
    gap: 10px;
    align-items: flex-end;
    padding: 0 16px 8px;
    font-size: 14px;
    font-weight: 500;
  }
  .group span {
    font-weight: 400;
    color: var(--faint);
    font-size: 13px;
  }
  .row > *:not(.cover, .act, .hold) {
    pointer-events: none;
    position: relative;
  }
  .cover {
    position: absolute;
    inset: 0;
    border-radius: 4px;
    touch-action: manipulation;
    user-select: none;
    -webkit-user-select: none;
    -webkit-touch-callout: none;
    -webkit-tap-highlight-color: transparent;
  }
  .cover:focus-visible {
    outline-offset: -3px;
  }
  .row:hover {
    background: color-mix(in srgb, var(--ink) 4%, transparent);
  }
  .hold {
    position: absolute;
    inset: 0;
    pointer-events: none;
    background: color-mix(in srgb, var(--bad) 22%, transparent);
    transform: scaleX(0);
    transform-origin: left;
  }
  .cover[holding] + .hold {
    transform: scaleX(1);
    transition: transform 0.58s linear 0.12s;
  }
  .who {
    min-width: 0;
  }
  .name {
    font-size: 15px;
    font-weight: 500;
    line-height: 22px;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .pill {
    justify-self: start;
    max-width: 100%;
    box-sizing: border-box;
    font-size: 12px;
    line-height: 24px;
    padding: 0 10px;
    border-radius: 12px;
    color: var(--ink);
    background: color-mix(in srgb, var(--faint) 14%, transparent);
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .rate {
    display: flex;
    gap: 10px;
    align-items: center;
    justify-content: flex-end;
    font-size: 14px;
  }
  .rate .number {
    min-width: 78px;
    text-align: end;
  }
  .curve {
    width: 72px;
    height: 28px;
    flex: none;
    overflow: visible;
  }
  .curve path {
    fill: none;
    stroke: var(--tone);
    stroke-width: 1.5;
    stroke-linejoin: round;
    vector-effect: non-scaling-stroke;
  }
  .curve path.area {
    stroke: none;
    fill: color-mix(in srgb, var(--tone) 26%, transparent);
    mask-image: linear-gradient(#000, transparent);
  }
  .warmth {
    font-size: 14px;
  }
  .warmth .heat {
    margin-top: 6px;
  }
  .profit {
    text-align: end;
    font-size: 15px;
    font-weight: 500;
  }
  .profit small {
    display: block;
    font-size: 12px;
    font-weight: 400;
    color: var(--faint);
  }
  .act {
    width: 40px;
    height: 40px;
    border-radius: 50%;
    display: grid;
    place-items: center;
    position: relative;
    color: var(--faint);
  }
  .act:hover {
    color: var(--ink);
    background: color-mix(in srgb, var(--ink) 8%, transparent);
  }
  .nothing {
    padding: 48px 24px;
    text-align: center;
    color: var(--faint);
  }
  .nothing b {
    display: block;
    font-size: 17px;
    font-weight: 500;
    color: var(--ink);
    margin-bottom: 6px;
  }
  .nothing button {
    color: var(--primary-color);
    height: 40px;
    padding: 0 16px;
  }
  .notice {
    padding: 10px 16px;
    font-size: 14px;
    background: color-mix(in srgb, var(--warn) 14%, var(--paper));
  }

  @container fleet (max-width: 940px) {
    .columns,
    .row {
      grid-template-columns: 40px minmax(180px, 1fr) 150px 112px 100px 40px;
      column-gap: 14px;
    }
    .of-level {
      display: none;
    }
    .curve {
      width: 56px;
    }
  }
  @container fleet (max-width: 760px) {
    .headline {
      padding: 16px;
    }
    .figures {
      grid-template-columns: repeat(2, minmax(0, 1fr));
      gap: 12px;
      margin: 14px 0 16px;
    }
    .figure dd {
      font-size: 27px;
      line-height: 34px;
    }
    .figure dd .unit {
      font-size: 14px;
    }
    .columns {
      display: none;
    }
    .tools {
      padding: 12px;
    }
    .chips {
      order: 3;
      flex: 1 1 100%;
    }
    .tools .grow {
      flex: 1 1 120px;
      min-width: 120px;
    }
    .pick {
      max-width: 48%;
    }
    select {
      width: 100%;
    }
    .row {
      grid-template:
        "badge who profit" auto
        "badge facts facts" auto / 40px minmax(0, 1fr) auto;
      align-content: center;
      column-gap: 12px;
      row-gap: 8px;
      padding: 0 12px;
    }
    .row .badge {
      grid-area: badge;
      align-self: start;
      margin-top: 2px;
    }
    .row .who {
      grid-area: who;
      display: contents;
    }
    .row .name {
      grid-area: who;
    }
    .row .sentence {
      grid-column: 2 / -1;
      grid-row: 2;
      margin-top: -6px;
    }
    .row .profit {
      grid-area: profit;
    }
    .row .profit small {
      display: none;
    }
    .row .rate {
      grid-column: 2;
      grid-row: 3;
      justify-content: flex-start;
    }
    .row .rate .curve {
      order: 2;
    }
    .row .rate .number {
      text-align: start;
    }
    .row .warmth {
      grid-column: 3;
      grid-row: 3;
      width: 96px;
      justify-self: end;
    }
    .row .warmth .heat {
      margin-top: 3px;
    }
    .row .act {
      display: none;
    }
  }
  @container fleet (max-width: 480px) {
    .page > * + * {
      margin-top: 12px;
    }
  }
`;var B1=class{constructor(){this.kept=new Map}of(V){return(V===null?void 0:this.kept.get(V)?.values)??[]}async load(V,C){let H=Date.now(),L=C.filter(t=>H-(this.kept.get(t)?.at_ms??0)>3e5);if(L.length===0)return!1;for(let t of L)this.kept.set(t,{at_ms:H,values:this.of(t)});let M=await this.statistics(V,L,H),r=L.filter(t=>(M.get(t)?.length??0)<4);if(r.length>0)for(let[t,o]of await this.states(V,r,H))M.set(t,o);for(let[t,o]of M)this.kept.set(t,{at_ms:H,values:E3(o)});return!0}async statistics(V,C,H){try{let L=await V.callWS({type:"recorder/statistics_during_period",start_time:new Date(H-216e5).toISOString(),statistic_ids:C,period:"5minute",types:["mean"]}),M=r=>r.map(t=>t.mean).filter(t=>t!==null);return new Map(Object.entries(L).map(([r,t])=>[r,M(t)]))}catch{return new Map}}async states(V,C,H){try{let L=await V.callWS({type:"history/history_during_period",start_time:new Date(H-18e5).toISOString(),entity_ids:C,minimal_response:!0,no_attributes:!0}),M=r=>r.map(t=>Number.parseFloat(t.s)).filter(Number.isFinite);return new Map(Object.entries(L).map(([r,t])=>[r,M(t)]))}catch{return new Map}}};function E3(e,V=48){return e.length<=V?e:Array.from({length:V},(C,H)=>{let L=Math.floor(H*e.length/V),M=e.slice(L,Math.floor((H+1)*e.length/V));return M.reduce((r,t)=>r+t,0)/M.length})}var _3=1.25;function S5(e,V){if(e.length<2)return;let C=Math.max(...e)*_3;if(C<=0)return;let L=`M${e.map((M,r)=>{let t=r/(e.length-1)*V.width,o=V.height-Math.max(M,0)/C*V.height;return`${t.toFixed(1)},${o.toFixed(1)}`}).join("L")}`;return{line:L,area:`${L}L${V.width},${V.height}L0,${V.height}Z`}}var T1=class{constructor(V){this.press=V;this.held=!1}down(V,C){this.cancel(),this.held=!1,!(V.button!==0||!this.press.canHold(C))&&(this.began={x:V.clientX,y:V.clientY},this.element=V.currentTarget,this.element.toggleAttribute("holding",!0),this.timer=setTimeout(()=>{this.held=!0,this.cancel(),this.press.hold(C)},700))}move(V){if(this.began===void 0)return;let{x:C,y:H}=this.began;Math.hypot(V.clientX-C,V.clientY-H)>12&&this.cancel()}click(V,C){V.ctrlKey||V.metaKey||V.shiftKey||(V.preventDefault(),this.cancel(),this.held?this.held=!1:this.press.tap(C))}cancel(){clearTimeout(this.timer),this.element?.removeAttribute("holding"),this.element=void 0,this.began=void 0}};function f5(e){let V=[0];for(let C of e)V.push((V.at(-1)??0)+C);return V}function h5(e,V){let C=0,H=e.length;for(;C<H;){let L=C+H>>1;(e[L]??0)<=V?C=L+1:H=L}return C}function g5(e,V,C){let H=C.length-1,L=Math.min(Math.max(0,h5(C,-e)-1-6),H),M=Math.min(h5(C,V-e)+6,H);return{first:L,end:Math.max(L,M)}}var D3=["all","mining","off","attention"],O5=["attention","name","hashrate","temperature","profit","power"],b5=["none","label","make","operator"],k5=new Set(["hashrate","temperature","profit","power"]),$3=760,w5={desk:72,phone:128},N3=52,y5=4,W3=20,I3=150,t2={width:72,height:28},P5="aiep-miner-fleet",R1=class extends s{constructor(){super();this.askedLabels=!1;this.items=[];this.starts=[0];this.curves=new B1;this.press=new T1({tap:C=>{this.open(C)},hold:C=>{this.turn(C,!1)},canHold:Z5});this.watcher=new ResizeObserver(C=>{let H=C[0]?.contentRect.width??0;H>0&&(this.narrow=H<=$3),this.look()});this.look=()=>{let C=this.renderRoot.querySelector(".rows");if(C===null)return;let H=C.getBoundingClientRect().top,L=g5(H,window.innerHeight,this.starts);(L.first!==this.range.first||L.end!==this.range.end)&&(this.range=L)};this.filter="all",this.text="",this.sort={key:"attention",descending:!1},this.group="none",this.labels=new Map,this.narrow=!1,this.range={first:0,end:0},this.remember()}static{this.styles=[w,c5]}static{this.properties={...s.properties,filter:{state:!0},text:{state:!0},sort:{state:!0},group:{state:!0},labels:{state:!0},narrow:{state:!0},range:{state:!0}}}static getConfigForm(){return{schema:[{name:"title",selector:{text:{}}},{name:"operator_id",selector:{config_entry:{integration:"aiep_miner"}}}],computeLabel:(C,H)=>H(`ui.panel.lovelace.editor.card.generic.${C.name}`)||i({language:"en"},"editor.operator")}}getCardSize(){return 12}getGridOptions(){return{columns:"full",min_columns:6}}connectedCallback(){super.connectedCallback(),this.watcher.observe(this),window.addEventListener("scroll",this.look,{capture:!0,passive:!0}),window.addEventListener("resize",this.look,{passive:!0})}disconnectedCallback(){super.disconnectedCallback(),this.watcher.disconnect(),window.removeEventListener("scroll",this.look,{capture:!0}),window.removeEventListener("resize",this.look),clearTimeout(this.curvesDue)}willUpdate(C){super.willUpdate(C);let{hass:H,fleet:L}=this;if(H===void 0||L===void 0)return;let M={filter:this.filter,text:this.text,sort:this.sort,group:this.group};this.group==="label"&&this.loadLabels(H),this.items=n5(this.miners(),M,t=>this.groupOf(H,t));let r=this.narrow?w5.phone:w5.desk;this.starts=f5(this.items.map(t=>"miner"in t?r:N3))}updated(){this.look(),this.scheduleCurves()}groupOf(C,H){return this.group==="make"?H.make??i(C,"make.other"):this.group==="operator"?this.fleet?.operators.get(H.operator_id)?.title??H.operator_id:this.labelsOf(C,H.device_id??"").join(", ")||i(C,"label.none")}labelsOf(C,H){return(C.devices[H]?.labels??[]).map(M=>this.labels.get(M)??M).sort()}loadLabels(C){this.askedLabels||(this.askedLabels=!0,C.callWS({type:"config/label_registry/list"}).then(H=>{this.labels=new Map(H.map(L=>[L.label_id,L.name]))}).catch(()=>{}))}miners(){let C=[...this.fleet?.miners.values()??[]],H=this.config?.operator_id;return H?C.filter(L=>L.operator_id===H):C}operators(){let C=this.config?.operator_id;return[...this.fleet?.operators??[]].filter(([L])=>!C||L===C).map(([,L])=>L)}scheduleCurves(){clearTimeout(this.curvesDue),this.curvesDue=setTimeout(()=>{this.loadCurves()},I3)}async loadCurves(){let{hass:C}=this;if(C===void 0)return;let H=this.items.slice(this.range.first,this.range.end).map(L=>"miner"in L?L.miner.rate_entity_id:null).filter(L=>L!==null);await this.curves.load(C,H)&&this.requestUpdate("curves",void 0)}remember(){try{let C=localStorage.getItem(P5),{sort:H,group:L}=JSON.parse(C??"{}");H!==void 0&&O5.includes(H.key)&&(this.sort=H),L!==void 0&&b5.includes(L)&&(this.group=L)}catch{}}choose(C){this.sort=C.sort??this.sort,this.group=C.group??this.group;try{localStorage.setItem(P5,JSON.stringify({sort:this.sort,group:this.group}))}catch{}}sortBy(C){let H=this.sort.key===C;this.choose({sort:{key:C,descending:H?!this.sort.descending:k5.has(C)}})}address(C){let H=location.pathname.split("/")[1]??"",L=this.config?.details_path;return L?`/${H}/${L}?miner=${encodeURIComponent(C.id)}`:`/config/devices/device/${C.device_id??""}`}open(C){this.config?.details_path?G(this.address(C)):n1(this,"hass-more-info",{entityId:C.entity_id})}async turn(C,H){this.hass!==void 0&&await P1(this.hass,this,C,H)}render(){let{hass:C,fleet:H}=this;if(C===void 0||H===void 0)return n;let L=this.miners();return a`<div class="page">
      ${H.error===void 0?n:this.notice(C,H.error)}
      ${H.known?this.content(C,L):n}
    </div>`}notice(C,H){return a`<div class="panel notice" role="status">${i(C,H==="disconnected"?"error.disconnected":"error.starting")}</div>`}content(C,H){return H.length===0?a`<div class="panel nothing">
        <b>${i(C,"empty.none")}</b>${i(C,"empty.none_hint")}
      </div>`:a`${this.headline(C,H)} ${this.attention(C,H)}
      <section class="panel" aria-label=${i(C,"list")}>
        ${this.toolbar(C,H)} ${this.columns(C)} ${this.list(C)}
      </section>`}headline(C,H){let L=M2(H),M=this.operators(),r=this.config?.title??M.map(t=>t.title).join(", ");return a`<header class="panel headline">
      <div class="top">
        <h1>${r}</h1>
        <div class="facts">${M.length===1?this.facts(C,M[0]):n}</div>
      </div>
      <dl class="figures">
        ${this.figure(i(C,"figure.hashrate"),g(C,L.hashrate_ths))}
        ${this.figure(i(C,"figure.power"),z(C,L.power_w))}
        ${this.profits(C,L.profit)}
        ${this.figure(i(C,"figure.miners"),{value:String(L.mining),unit:i(C,"figure.miners_of",{count:L.miners})})}
      </dl>
      ${this.share(C,L.tones)}
      ${M.map(({next_change:t})=>t?a`<p class="next">${t}</p>`:n)}
    </header>`}facts(C,H){if(H===void 0)return n;let M={price:f(C,H.energy_price),currency:H.currency};return a`<span class="fact ${H.mode==="auto"?"good":"warn"}"
        >${i(C,`mode.${H.mode}`)}</span
      >
      <span class="fact">${i(C,"figure.price",M)}</span>`}figure(C,H){return a`<div class="figure">
      <dt>${C}</dt>
      <dd class="number">${H.value}<span class="unit">${H.unit}</span></dd>
    </div>`}profits(C,H){let L=H.size>0?[...H]:[["",null]];return a`<div class="figure">
      <dt>${i(C,"figure.profit")}</dt>
      ${L.map(([M,r])=>a`<dd class="number ${F1(r)}">${h(C,r,M)}</dd>`)}
    </div>`}share(C,H){let M=[["good",H.good,"filter.mining"],["busy",H.busy,"figure.busy"],["idle",H.idle,"filter.off"],["warn",H.warn,"state.problem"],["bad",H.bad,"figure.bad"]].filter(([,r])=>r>0);return a`<div class="share" aria-hidden="true">
        ${M.map(([r,t])=>a`<i class=${r} style="flex-grow:${t}"></i>`)}
      </div>
      <div class="legend">
        ${M.map(([r,t,o])=>a`<span class=${r}><b class="number">${t}</b> ${i(C,o)}</span>`)}
      </div>`}attention(C,H){let L=[...this.operators().flatMap(r=>this.operatorAlerts(C,r)),...H.filter(b1).sort((r,t)=>+(k(t)==="bad")-+(k(r)==="bad")).map(r=>this.minerAlert(C,r))];if(L.length===0)return n;let M=L.length-y5;return a`<section aria-label=${i(C,"attention")}>
      <h2>${i(C,"attention")}</h2>
      <ul class="alerts">
        ${L.slice(0,y5).map(r=>a`<li>${r}</li>`)}
      </ul>
      ${M>0?a`<button
            class="more"
            @click=${()=>{this.filter="attention"}}
          >
            ${i(C,"attention.more",{count:M})}
          </button>`:n}
    </section>`}operatorAlerts(C,H){let L=H.problems.map(p=>u(C,p));H.ledger_broken&&!H.problems.includes("ledger_tampered")&&L.push(i(C,"ledger_broken"));let M=L.map(p=>a`<a class="panel alert bad" href="/config/repairs"
          ><span><b>${H.title}</b><small>${p}</small></span></a
        >`);if(H.reviews===0)return M;let r=H.reviews===1?"attention.reviews_one":"attention.reviews",t=i(C,r,{count:H.reviews}),o=this.config?.reviews_path,A=o?`/${location.pathname.split("/")[1]??""}/${o}`:`/config/devices/device/${H.device_id??""}`;return[...M,a`<a class="panel alert busy" href=${A}
        ><span><b>${H.title}</b><small>${t}</small></span></a
      >`]}minerAlert(C,H){return a`<a
      class="panel alert ${k(H)}"
      href=${this.address(H)}
      @click=${L=>{L.preventDefault(),this.open(H)}}
      >${U(H)}<span
        ><b>${H.name}: ${a1(C,H)}</b><small>${H.sentence}</small></span
      ></a
    >`}toolbar(C,H){let L={all:H.length,mining:H.filter(M=>M.mining===!0).length,off:H.filter(M=>M.mining!==!0).length,attention:H.filter(b1).length};return a`<div class="tools">
      <div class="grow">
        ${x(F2)}
        <input
          type="search"
          aria-label=${i(C,"search")}
          placeholder=${i(C,"search")}
          .value=${this.text}
          @input=${M=>{this.text=M.target.value}}
        />
      </div>
      <div class="chips" role="group" aria-label=${i(C,"filter")}>
        ${D3.map(M=>a`<button
              class="chip"
              aria-pressed=${this.filter===M}
              @click=${()=>{this.filter=M}}
            >
              ${i(C,`filter.${M}`)}<b>${L[M]}</b>
            </button>`)}
      </div>
      ${this.picker(C,"sort",O5,this.sort.key,M=>{this.choose({sort:{key:M,descending:k5.has(M)}})})}
      ${H.length<W3&&this.group==="none"?n:this.picker(C,"group",b5,this.group,M=>{this.choose({group:M})})}
    </div>`}picker(C,H,L,M,r){return a`<span class="pick"
      ><select
        aria-label=${i(C,H)}
        @change=${t=>{r(t.target.value)}}
      >
        ${L.map(t=>a`<option value=${t} ?selected=${t===M}>
              ${i(C,`${H}.${t}`)}
            </option>`)}</select
      >${x(y2)}</span
    >`}columns(C){let H=(L,M=!1)=>a`<button
        class=${M?"end":""}
        aria-pressed=${this.sort.key===L}
        @click=${()=>{this.sortBy(L)}}
      >
        ${i(C,`sort.${L}`)}${this.sort.key===L?this.sort.descending?" ↓":" ↑":""}
      </button>`;return a`<div class="columns">
      <span></span>${H("name")}<span class="of-level">${i(C,"figure.level")}</span
      >${H("hashrate",!0)}${H("temperature")}${H("profit",!0)}<span></span>
    </div>`}list(C){if(this.items.length===0)return a`<div class="nothing">
        <b>${i(C,"empty.filtered")}</b>
        <button
          @click=${()=>{this.filter="all",this.text=""}}
        >
          ${i(C,"empty.filtered_hint")}
        </button>
      </div>`;let{first:H,end:L}=this.range,M=this.items.slice(H,L).map((r,t)=>({item:r,at:H+t}));return a`<div
      class="rows"
      role="list"
      aria-label=${i(C,"list")}
      style="height:${this.starts.at(-1)??0}px"
    >
      ${u5(M,({item:r})=>"miner"in r?r.miner.id:r.key,({item:r,at:t})=>{let o=`top:${this.starts[t]??0}px;height:${(this.starts[t+1]??0)-(this.starts[t]??0)}px`;return"miner"in r?this.row(C,r.miner,t,o):this.groupHeading(C,r,o)})}
    </div>`}groupHeading(C,H,L){let M=M2(H.miners),{value:r,unit:t}=g(C,M.hashrate_ths),o=[...M.profit].map(([A,p])=>h(C,p,A));return a`<div class="group" role="listitem" style=${L}>
      ${H.heading}
      <span
        >${M.mining} ${i(C,"figure.miners_of",{count:M.miners})} · ${r} ${t} ·
        ${o.join(" · ")}</span
      >
    </div>`}row(C,H,L,M){let r=g(C,H.hashrate_ths);return a`<div
      class="row"
      role="listitem"
      aria-setsize=${this.items.length}
      aria-posinset=${L+1}
      style=${M}
    >
      <a
        class="cover"
        title=${H.sentence??n}
        href=${this.address(H)}
        aria-label=${this.label(C,H)}
        draggable="false"
        data-miner=${H.id}
        @pointerdown=${t=>{this.press.down(t,H)}}
        @pointermove=${t=>{this.press.move(t)}}
        @pointerleave=${()=>{this.press.cancel()}}
        @pointercancel=${()=>{this.press.cancel()}}
        @contextmenu=${t=>{t.button!==2&&t.preventDefault()}}
        @click=${t=>{this.press.click(t,H)}}
      ></a>
      <span class="hold"></span>
      ${U(H)}
      <div class="who">
        <div class="name">${H.name}</div>
        <div class="sentence">${H.sentence}</div>
      </div>
      ${H.level===null?a`<span class="of-level"></span>`:a`<span class="pill of-level">${H.level}</span>`}
      <div class="rate">
        ${this.curve(H)}
        <span class="number">${r.value} <span class="unit">${r.unit}</span></span>
      </div>
      <div class="warmth">${A1(C,H)}</div>
      <div class="profit number ${F1(H.profit_per_day)}">
        ${h(C,H.profit_per_day,H.currency)}${H.profit_per_day===null?n:a`<small>${i(C,"per_day")}</small>`}
      </div>
      ${this.act(C,H)}
    </div>`}label(C,H){let L=g(C,H.hashrate_ths),M=[H.name,a1(C,H),H.sentence??""];return H.hashrate_ths!==null&&M.push(`${L.value} ${L.unit}`),H.temperature_c!==null&&M.push(`${Math.round(H.temperature_c)} °C`),M.join(", ")}curve(C){let H=S5(this.curves.of(C.rate_entity_id),t2);return H===void 0?n:a`<svg
      class="curve ${C.mining===!0?"good":"idle"}"
      viewBox="0 0 ${t2.width} ${t2.height}"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      ${K`<path class="area" d=${H.area}></path><path d=${H.line}></path>`}
    </svg>`}act(C,H){if(!d1(H))return a`<span></span>`;let L=H.mining!==!1,M=i(C,L?"control.stop_named":"control.start_named",{name:H.name});return a`<button
      class="act"
      aria-label=${M}
      title=${c(C,L?"stop":"run")}
      @click=${()=>{this.turn(H,!L)}}
    >
      ${x(L?h1:S1)}
    </button>`}};function F1(e){return e===null||Math.abs(e)<.005?"":e<0?"minus":"plus"}var z3=5;function B5(e,V,C){let[H,L]=[V[0],V.at(-1)];if(H===void 0||L===void 0)return n;let M=Math.max(Date.parse(H.from),Date.now()),r=Math.max(1,Date.parse(L.until)-M);return a`<section class="panel" aria-label=${i(e,"miner.plan")}>
    <h2>${i(e,"miner.plan")}</h2>
    <div class="bar" aria-hidden="true">
      ${V.map(t=>{let o=Math.max(Date.parse(t.from),M),A=Math.max(0,(Date.parse(t.until)-o)/r);return a`<i
          class="${t.runs?"runs":""} ${t.guessed?"guessed":""}"
          style="flex-grow:${A}"
        ></i>`})}
    </div>
    <ol class="ahead">
      ${V.slice(0,z3).map(t=>U3(e,t,C))}
    </ol>
  </section>`}function U3(e,V,C){let H=g1(e,Date.parse(V.from),Date.parse(V.until)),L=i(e,V.runs?"plan.runs":"plan.off"),M=V.level===null?"":` (${V.level})`,r=V.runs?` · ${i(e,"miner.segment",{value:h(e,V.value,C)})}`:"";return a`<li class=${V.runs?"runs":""}>
    <b>${H}: ${L}${M}</b><small>${V.sentence}${r}</small>
  </li>`}function T5(e,V,C){return e.callWS({type:"aiep_miner/fleet/miner",operator_id:V,miner_id:C})}var R5=Z`
  .page {
    container: miner / inline-size;
    max-width: 1180px;
    margin: 0 auto;
    padding: 16px;
    box-sizing: border-box;
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1.55fr) minmax(0, 1fr);
    gap: 16px;
    align-items: start;
    margin-top: 16px;
  }
  .stack {
    display: grid;
    gap: 16px;
    min-width: 0;
  }
  .hero {
    padding: 20px 24px;
    position: relative;
    overflow: hidden;
  }
  .hero::before {
    content: "";
    position: absolute;
    inset: 0;
    pointer-events: none;
    background: linear-gradient(
      100deg,
      color-mix(in srgb, var(--tone) 16%, transparent),
      transparent 55%
    );
  }
  .who {
    display: flex;
    gap: 16px;
    align-items: flex-start;
    position: relative;
  }
  .who .badge {
    width: 56px;
    height: 56px;
  }
  .who .badge svg.icon {
    width: 30px;
    height: 30px;
  }
  h1 {
    margin: 0;
    font-size: 24px;
    line-height: 30px;
    font-weight: 500;
  }
  .model {
    font-size: 14px;
    color: var(--faint);
  }
  .why {
    position: relative;
    font-size: 17px;
    line-height: 25px;
    margin: 16px 0 0;
    max-width: 62ch;
    text-wrap: pretty;
  }
  .controls {
    position: relative;
    display: flex;
    flex-wrap: wrap;
    gap: 10px;
    margin-top: 18px;
  }
  .controls button,
  .controls a {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    height: 40px;
    padding: 0 18px 0 14px;
    border-radius: 20px;
    font-size: 14px;
    font-weight: 500;
    text-decoration: none;
    color: var(--ink);
    border: 1px solid var(--line);
    box-sizing: border-box;
  }
  .controls button.main {
    border-color: transparent;
    color: color-mix(in srgb, var(--tone) 62%, var(--ink));
    background: color-mix(in srgb, var(--tone) 16%, transparent);
  }
  .controls button[disabled] {
    opacity: 0.55;
    cursor: default;
  }
  .figures {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(132px, 1fr));
    gap: 16px 20px;
    margin: 0;
    padding: 18px 24px;
  }
  dt {
    font-size: 13px;
    color: var(--faint);
    margin-bottom: 2px;
  }
  dd {
    margin: 0;
    font-size: 20px;
    line-height: 26px;
    font-weight: 500;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  dd .unit {
    font-size: 14px;
  }
  dd small {
    display: block;
    font-size: 12px;
    line-height: 16px;
    font-weight: 400;
    color: var(--faint);
  }
  dd.text {
    font-size: 14px;
    font-weight: 400;
  }
  dd .heat {
    margin-top: 4px;
  }
  h2 {
    font-size: 15px;
    font-weight: 500;
    margin: 0;
    padding: 16px 20px 8px;
  }
  .boards {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
    gap: 12px;
    padding: 4px 20px 20px;
  }
  .board {
    border-radius: 10px;
    padding: 12px 14px;
    background: color-mix(in srgb, var(--faint) 8%, transparent);
    font-size: 13px;
  }
  .board b {
    display: block;
    font-weight: 500;
    font-size: 14px;
    margin-bottom: 4px;
  }
  .board .heat {
    margin: 6px 0;
  }
  .board small {
    color: var(--faint);
    font-size: 12px;
  }
  .bar {
    display: flex;
    height: 14px;
    margin: 4px 20px 12px;
    border-radius: 7px;
    overflow: hidden;
  }
  .bar i {
    background: color-mix(in srgb, var(--faint) 22%, var(--paper));
  }
  .bar i.runs {
    background: color-mix(in srgb, var(--good) 62%, var(--paper));
  }
  .bar i.guessed {
    opacity: 0.6;
  }
  .ahead {
    list-style: none;
    margin: 0;
    padding: 0 20px 18px;
    display: grid;
    gap: 10px;
    font-size: 14px;
    line-height: 20px;
  }
  .ahead b {
    font-weight: 500;
  }
  .ahead small {
    display: block;
    font-size: 12px;
    line-height: 17px;
    color: var(--faint);
  }
  .levels {
    width: calc(100% - 40px);
    margin: 0 20px 18px;
    border-collapse: collapse;
    font-size: 14px;
  }
  .levels th,
  .levels td {
    text-align: end;
    padding: 6px 0 6px 12px;
    font-weight: 400;
    border-bottom: 1px solid var(--line);
    font-variant-numeric: tabular-nums;
  }
  .levels th:first-child {
    text-align: start;
    padding-inline-start: 0;
  }
  .levels thead th {
    font-size: 12px;
    color: var(--faint);
  }
  .levels tbody tr:last-child th,
  .levels tbody tr:last-child td {
    border-bottom: none;
  }
  .levels .pill {
    margin-inline-start: 8px;
  }
  .story {
    list-style: none;
    margin: 0;
    padding: 4px 20px 18px;
  }
  .story li {
    position: relative;
    padding: 0 0 16px 26px;
    font-size: 14px;
    line-height: 20px;
  }
  .story li::before {
    content: "";
    position: absolute;
    left: 3px;
    top: 5px;
    width: 10px;
    height: 10px;
    border-radius: 50%;
    background: var(--tone);
    z-index: 1;
  }
  .story li::after {
    content: "";
    position: absolute;
    left: 7px;
    top: 10px;
    bottom: -6px;
    width: 2px;
    background: var(--line);
  }
  .story li:last-child {
    padding-bottom: 0;
  }
  .story li:last-child::after {
    display: none;
  }
  .story small {
    display: block;
    font-size: 12px;
    color: var(--faint);
  }
  .story a {
    color: color-mix(in srgb, var(--primary-color) 65%, var(--ink));
  }
  .quiet {
    padding: 4px 20px 20px;
    font-size: 14px;
    color: var(--faint);
  }
  .chart {
    min-width: 0;
    overflow: hidden;
    --ha-card-background: transparent;
  }
  .head {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding-inline-end: 16px;
  }
  .chips {
    display: flex;
    gap: 4px;
    padding-top: 8px;
  }
  .chips button {
    font-size: 13px;
    height: 32px;
    padding: 0 12px;
    border-radius: 16px;
    color: var(--faint);
  }
  .chips button[aria-pressed="true"] {
    color: var(--ink);
    background: color-mix(in srgb, var(--primary-color) 18%, transparent);
  }
  .nothing {
    padding: 48px 24px;
    text-align: center;
    color: var(--faint);
  }
  .picker {
    display: block;
    margin: 16px auto 0;
    font: inherit;
    height: 40px;
    max-width: 100%;
    color: var(--ink);
    background: transparent;
    border: 1px solid var(--line);
    border-radius: 20px;
    padding: 0 14px;
  }
  @container miner (max-width: 820px) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
  }
  @container miner (max-width: 520px) {
    .hero {
      padding: 16px;
    }
    .figures {
      grid-template-columns: repeat(2, minmax(0, 1fr));
      padding: 16px;
    }
    .controls button,
    .controls a {
      flex: 1 1 44%;
      justify-content: center;
    }
  }
`;var G3=40,Q3="strategy";async function F5(e,V,C){let H=await e.callWS({type:"aiep_miner/ledger/story",operator_id:V,miner_id:C,limit:G3});return q3(H.records).map(L=>K3(e,L))}function q3(e){let V=new Set;return e.filter(({kind:C,body:H})=>{if(C!=="receipt"||H===null)return!0;let L=H.outcome==="accepted"&&!V.has(H.decision);return H.outcome!=="accepted"&&V.add(H.decision),L||H.outcome!=="accepted"})}function K3(e,V){let C=o1(e,V),{decision:H}=V,L=(H?.reasons??[]).map(t=>u(e,t)),M=H?.origin&&H.origin!==Q3?[f1(e,H.origin)]:[],r=[...new Set([C.detail,...M,...L].filter(Boolean))].join(" · ");return{...C,detail:r,seq:V.seq,at_ms:V.ts}}var j3=[1,6,24],X3=6,E1=class extends s{constructor(){super();this.charted="";this.moved=()=>{this.fleetChanged()};this.busy=!1,this.hours=X3}static{this.styles=[w,R5]}static{this.properties={...s.properties,details:{state:!0},story:{state:!0},busy:{state:!0},hours:{state:!0}}}static getConfigForm(){return{schema:[{name:"device_id",selector:{device:{integration:"aiep_miner"}}}],computeLabel:()=>i({language:"en"},"editor.miner")}}getCardSize(){return 10}getGridOptions(){return{columns:"full",min_columns:6}}connectedCallback(){super.connectedCallback(),window.addEventListener("location-changed",this.moved),window.addEventListener("popstate",this.moved)}disconnectedCallback(){super.disconnectedCallback(),window.removeEventListener("location-changed",this.moved),window.removeEventListener("popstate",this.moved)}find(){let C=this.config?.device_id,H=new URLSearchParams(location.search).get("miner"),L=[...this.fleet?.miners.values()??[]];return C?L.find(M=>M.device_id===C):L.find(M=>M.id===H)}willUpdate(C){super.willUpdate(C);let H=this.find();H?.id!==this.shown?.id&&(this.details=void 0,this.story=void 0),H!==this.shown&&H!==void 0&&this.load(H),this.shown=H,this.charts!==void 0&&this.hass!==void 0&&(this.charts.hass=this.hass)}shouldUpdate(C){return this.charts!==void 0&&this.hass!==void 0&&(this.charts.hass=this.hass),super.shouldUpdate(C)}async load(C){let{hass:H}=this;if(H!==void 0)try{let L=await T5(H,C.operator_id,C.id);if(this.shown?.id!==C.id)return;this.details=L,this.chart(L);let M=L.may_read_ledger?await F5(H,C.operator_id,C.id):null;this.shown.id===C.id&&(this.story=M)}catch{}}async chart(C){let{hashrate:H,temperature:L,power:M}=C.entities,r=[H,L,M].filter(p=>p!==void 0),t=`${r.join()} ${this.hours}`;if(r.length===0||t===this.charted||window.loadCardHelpers===void 0)return;this.charted=t;let A=(await window.loadCardHelpers()).createCardElement({type:"history-graph",hours_to_show:this.hours,entities:r});this.hass!==void 0&&(A.hass=this.hass),this.charts=A,this.requestUpdate("charts",void 0)}async turn(C,H){this.hass===void 0||this.busy||(this.busy=!0,await P1(this.hass,this,C,H),this.busy=!1)}press(C){this.hass?.callService("button","press",{},{entity_id:C}).catch(()=>{})}render(){let{hass:C,fleet:H,shown:L}=this;if(C===void 0||H?.known!==!0)return n;if(L===void 0)return this.missing(C);let{details:M}=this;return a`<div class="page">
      ${this.hero(C,L,M)}
      <div class="columns">
        <div class="stack">
          ${this.figures(C,L,M)}
          ${this.charts===void 0?n:this.curves(C,this.charts)}
          ${M===void 0?n:this.parts(C,L,M)}
        </div>
        <div class="stack">
          ${M===void 0?n:B5(C,M.plan,L.currency)}
          ${this.past(C)}
        </div>
      </div>
    </div>`}missing(C){let H=new URLSearchParams(location.search).has("miner")||this.config?.device_id,L=[...this.fleet?.miners.values()??[]];return a`<div class="page">
      <div class="panel nothing">
        ${i(C,H?"miner.missing":"miner.choose")}
        <select
          class="picker"
          aria-label=${i(C,"editor.miner")}
          @change=${M=>{let r=M.target.value;G(`${location.pathname}?miner=${encodeURIComponent(r)}`)}}
        >
          <option></option>
          ${L.map(M=>a`<option value=${M.id}>${M.name}</option>`)}
        </select>
      </div>
    </div>`}hero(C,H,L){let M=[H.make,H.model,L?.firmware].filter(Boolean).join(" · "),r=H.held_until_ms!==null&&L?.held_by?` · ${i(C,"state.held")}: ${L.held_by}, ${F(C,H.held_until_ms)}`:"";return a`<header class="panel hero ${k(H)}">
      <div class="who">
        ${U(H)}
        <div>
          <h1>${H.name}</h1>
          <div class="model">${a1(C,H)}${M?` · ${M}`:""}${r}</div>
        </div>
      </div>
      <p class="why">${H.sentence}</p>
      <div class="controls">${this.controls(C,H,L)}</div>
    </header>`}controls(C,H,L){let M=this.busy||H.pending!==null;return[d1(H)?this.mainButton(C,H,M):n,L===void 0?n:this.buttons(C,H,L,M),a`<a href="/config/devices/device/${H.device_id??""}"
        >${x(E2)}${i(C,"miner.device")}</a
      >`]}buttons(C,H,L,M){let{restart:r,resume_automation:t}=L.entities,o=H.held_until_ms!==null||L.latched;return[r!==void 0&&H.mining===!0?this.button(C,"control.restart",N2,r,M):n,t!==void 0&&o?this.button(C,"control.resume",W2,t,M):n]}mainButton(C,H,L){let M=H.mining!==!1;return a`<button
      class="main ${M?"bad":"good"}"
      ?disabled=${L}
      @click=${()=>{this.turn(H,!M)}}
    >
      ${x(M?h1:S1)}${i(C,M?"control.stop":"control.start")}
    </button>`}button(C,H,L,M,r){return a`<button
      ?disabled=${r}
      @click=${()=>{this.press(M)}}
    >
      ${x(L)}${i(C,H)}
    </button>`}figures(C,H,L){let M=H.power_w!==null&&H.hashrate_ths?H.power_w/H.hashrate_ths:null;return a`<dl class="panel figures">
      ${this.figure(C,"figure.hashrate",g(C,H.hashrate_ths))}
      ${this.figure(C,"figure.power",z(C,H.power_w))}
      ${M===null?n:this.figure(C,"figure.efficiency",{value:Y(C,M),unit:"J/TH"})}
      <div>
        <dt>${i(C,"figure.temperature")}</dt>
        <dd>${A1(C,H)}</dd>
      </div>
      <div>
        <dt>${i(C,"figure.profit")}</dt>
        <dd class="number ${F1(H.profit_per_day)}">
          ${h(C,H.profit_per_day,H.currency)}
        </dd>
      </div>
      ${L===void 0?n:this.more(C,H,L)}
    </dl>`}more(C,H,L){let{shares_accepted:M,shares_rejected:r}=L,t=M!==null&&r!==null&&M+r>0?r/(M+r)*100:null,o=[Math.min(...L.fans_rpm),Math.max(...L.fans_rpm)],A=L.fans_rpm.length?[...new Set(o)].map(d=>R(C,d)).join(" – "):"",p=[["figure.revenue",{value:h(C,L.revenue_per_day,H.currency),unit:""}],["figure.cost",{value:h(C,L.cost_per_day,H.currency),unit:""}],["figure.break_even",{value:f(C,L.break_even),unit:`${H.currency}/kWh`}],["figure.level",{value:H.level===null?S:H.level,unit:""}],["figure.fans",{value:A||S,unit:A?"rpm":""}],["figure.uptime",{value:H5(C,L.uptime_s),unit:""}],["figure.rejected",{value:Y(C,t),unit:"%"}]];return a`${p.filter(([,{value:d}])=>d!==S).map(([d,m])=>this.figure(C,d,m))}
    ${L.pool===null?n:a`<div>
          <dt>${i(C,"figure.pool")}</dt>
          <dd class="text" title=${L.pool}>${L.pool}</dd>
        </div>`}`}figure(C,H,{value:L,unit:M}){return a`<div>
      <dt>${i(C,H)}</dt>
      <dd class="number">${L} <span class="unit">${M}</span></dd>
    </div>`}curves(C,H){return a`<section class="panel chart" aria-label=${i(C,"chart.title")}>
      <div class="head">
        <h2>${i(C,"chart.title")}</h2>
        <div class="chips">
          ${j3.map(L=>a`<button
                aria-pressed=${L===this.hours}
                @click=${()=>{this.hours=L,this.details!==void 0&&this.chart(this.details)}}
              >
                ${i(C,"chart.hours",{hours:L})}
              </button>`)}
        </div>
      </div>
      ${H}
    </section>`}parts(C,H,L){return a`${this.boards(C,H,L.boards)}
    ${this.levels(C,H,L.levels)}`}boards(C,H,L){return L.length===0?n:a`<section class="panel">
      <h2>${i(C,"miner.boards")}</h2>
      <div class="boards">${L.map(M=>this.board(C,H,M))}</div>
    </section>`}board(C,H,L){let M=L.chip_temperature_c??L.temperature_c,{value:r,unit:t}=g(C,L.hashrate_ths),o=L.chips_working===null?n:i(C,"miner.chips",{working:L.chips_working,expected:L.chips_expected??S});return a`<div class="board">
      <b>${i(C,"miner.board",{number:L.index+1})}</b>
      <span class="number">${r} ${t}</span>
      ${M===null?n:a`<div>${A1(C,{...H,temperature_c:M})}</div>`}
      <small>${o}</small>
    </div>`}levels(C,H,L){return L.length<2?n:a`<section class="panel">
      <h2>${i(C,"miner.levels")}</h2>
      <table class="levels">
        <thead>
          <tr>
            <th scope="col">${i(C,"figure.level")}</th>
            <th scope="col">${i(C,"figure.hashrate")}</th>
            <th scope="col">${i(C,"figure.power")}</th>
            <th scope="col">${i(C,"figure.efficiency")}</th>
          </tr>
        </thead>
        <tbody>
          ${L.map(M=>this.level(C,H,M))}
        </tbody>
      </table>
    </section>`}level(C,H,L){let M=g(C,L.hashrate_ths),r=z(C,L.power_w);return a`<tr>
      <th scope="row">
        ${L.name}${L.name===H.level?a`<span class="pill">${i(C,"miner.level_now")}</span>`:n}
      </th>
      <td>${M.value} ${M.unit}</td>
      <td>${r.value} ${r.unit}</td>
      <td>${Y(C,L.efficiency_j_per_th)} J/TH</td>
    </tr>`}past(C){let{story:H}=this,L=n;return H===null?L=this.quiet(C,"miner.story_forbidden"):H?.length===0?L=this.quiet(C,"miner.story_none"):H!==void 0&&(L=a`<ol class="story">
        ${H.map(M=>this.chapter(C,M))}
      </ol>`),a`<section class="panel" aria-label=${i(C,"miner.story")}>
      <h2>${i(C,"miner.story")}</h2>
      ${L}
    </section>`}quiet(C,H){return a`<div class="quiet">${i(C,H)}</div>`}chapter(C,H){let L=i(C,"miner.evidence",{seq:H.seq}),M=this.config?.evidence_path,t=`/${location.pathname.split("/")[1]??""}/${M??""}?seq=${H.seq}`,o=a`<a
      href=${t}
      @click=${A=>{A.preventDefault(),G(t)}}
      >${L}</a
    >`;return a`<li class=${H.tone}>
      ${H.title}
      <small
        >${F(C,H.at_ms)}${H.detail?` · ${H.detail}`:""} \u00b7
        ${M?o:L}</small
      >
    </li>`}};var E5=Z`
  .page {
    container: plan / inline-size;
    max-width: 1180px;
    margin: 0 auto;
    padding: 16px;
    box-sizing: border-box;
    display: grid;
    gap: 16px;
  }
  .head {
    padding: 20px 24px;
  }
  h1 {
    margin: 0;
    font-size: 20px;
    line-height: 26px;
    font-weight: 500;
  }
  .head p {
    margin: 4px 0 0;
    font-size: 14px;
    line-height: 20px;
    color: var(--faint);
  }
  .head .next {
    margin-top: 12px;
    font-size: 16px;
    line-height: 24px;
    color: var(--ink);
  }
  .chart {
    padding: 16px 24px 20px;
    position: relative;
  }
  .label {
    font-size: 13px;
    color: var(--faint);
    display: flex;
    justify-content: space-between;
  }
  .lane {
    display: grid;
    grid-template-columns: 150px minmax(0, 1fr);
    gap: 12px;
    align-items: center;
    min-height: 38px;
  }
  .lane .who {
    font-size: 14px;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .prices .who {
    white-space: normal;
    font-size: 13px;
    line-height: 18px;
    color: var(--faint);
  }
  .track {
    position: relative;
    height: 26px;
  }
  .prices .track {
    height: 96px;
  }
  svg.price {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    overflow: visible;
  }
  svg.price path {
    fill: none;
    stroke: color-mix(in srgb, var(--primary-color) 80%, var(--ink));
    stroke-width: 2;
    vector-effect: non-scaling-stroke;
  }
  svg.price path.guessed {
    stroke-dasharray: 4 4;
    opacity: 0.7;
  }
  .segment {
    position: absolute;
    inset-block: 0;
    border-radius: 6px;
    border-inline-end: 2px solid var(--paper);
    box-sizing: border-box;
    min-width: 3px;
    background: color-mix(in srgb, var(--good) 62%, var(--paper));
  }
  .segment.off {
    background: color-mix(in srgb, var(--faint) 16%, var(--paper));
  }
  .segment.guessed {
    opacity: 0.6;
  }
  .segment[aria-pressed="true"] {
    box-shadow: inset 0 0 0 2px var(--ink);
  }
  .now {
    position: absolute;
    inset-block: -4px;
    width: 2px;
    margin-inline-start: -1px;
    background: var(--bad);
    border-radius: 1px;
    pointer-events: none;
    z-index: 2;
  }
  .axis {
    position: relative;
    height: 20px;
    font-size: 12px;
    color: var(--faint);
  }
  .axis span {
    position: absolute;
    transform: translateX(-50%);
    white-space: nowrap;
  }
  .axis span:first-child {
    transform: none;
  }
  .why {
    margin-top: 14px;
    padding: 14px 16px;
    border-radius: 10px;
    font-size: 14px;
    line-height: 20px;
    background: color-mix(in srgb, var(--faint) 8%, transparent);
  }
  .why b {
    font-weight: 500;
  }
  .nothing {
    padding: 48px 24px;
    text-align: center;
    font-size: 14px;
    color: var(--faint);
  }
  .nothing b {
    display: block;
    font-size: 17px;
    font-weight: 500;
    color: var(--ink);
    margin-bottom: 4px;
  }
  @container plan (max-width: 620px) {
    .head,
    .chart {
      padding: 16px;
    }
    .lane {
      grid-template-columns: minmax(0, 1fr);
      gap: 2px;
      margin-bottom: 10px;
    }
    .lane .who:empty {
      display: none;
    }
  }
`;var _5=36e5,Y3=[1,3,6,12,24],J3=9,C0=60,C1={width:1e3,height:100},H1=(e,V)=>(Math.min(Math.max(V,e.from_ms),e.until_ms)-e.from_ms)/(e.until_ms-e.from_ms)*100,_1=class extends s{constructor(){super();this.asked=new Map;this.plans=new Map}static{this.styles=[w,E5]}static{this.properties={...s.properties,plans:{state:!0},chosen:{state:!0}}}static{this.getConfigForm=j}getCardSize(){return 8}getGridOptions(){return{columns:"full",min_columns:6}}willUpdate(C){super.willUpdate(C);for(let[H,L]of this.fleet?.operators??[])this.config?.operator_id&&this.config.operator_id!==H||this.asked.get(H)!==L.plan_seq&&(this.asked.set(H,L.plan_seq),this.load(H))}async load(C){try{let H=await this.hass?.callWS({type:"aiep_miner/fleet/plan",operator_id:C});this.plans=new Map(this.plans).set(C,H?.plan??null)}catch{}}render(){let{hass:C,fleet:H}=this;if(C===void 0||H?.known!==!0||this.plans.size===0)return n;let L=[...this.plans].filter(([,M])=>M!==null&&M.miners.length>0);return L.length===0?a`<div class="page">
        <div class="panel nothing">
          <b>${i(C,"plan.none")}</b>${i(C,"plan.none_hint")}
        </div>
      </div>`:a`<div class="page">
      ${L.map(([M,r])=>r===null?n:this.plan(C,M,r))}
    </div>`}plan(C,H,L){let M={from_ms:Date.parse(L.energy_prices[0]?.from??L.made_at),until_ms:Date.parse(L.until)},r=this.fleet?.operators.get(H),t=F(C,M.until_ms),o=Date.parse(L.prices_known_until);return a`<header class="panel head">
        <h1>
          ${r?.title}:
          ${i(C,"plan.total",{amount:h(C,L.total,L.currency),until:t})}
        </h1>
        <p>
          ${i(C,"plan.made",{at:F(C,Date.parse(L.made_at))})}${o<M.until_ms?` ${i(C,"plan.known",{at:F(C,o)})}`:""}
        </p>
        ${r?.next_change?a`<p class="next">${r.next_change}</p>`:n}
      </header>
      <section class="panel chart" aria-label=${i(C,"view.plan")}>
        ${this.prices(C,M,L)}
        ${L.miners.slice(0,C0).map(A=>this.lane(C,M,L,A))}
        <div class="lane"><span class="who"></span>${this.axis(C,M)}</div>
        ${this.chosen===void 0?n:this.why(C,L,this.chosen)}
      </section>`}prices(C,H,L){let M=L.energy_prices.map(p=>p.price_per_kwh),[r,t]=[Math.min(...M),Math.max(...M)],o=i(C,"plan.price",{low:f(C,r),high:f(C,t),currency:L.currency}),A=p=>H0(L.energy_prices.filter(d=>d.guessed===p),H,r,t);return a`<div class="lane prices">
      <span class="who">${o}</span>
      <div class="track">
        <svg
          class="price"
          viewBox="0 0 ${C1.width} ${C1.height}"
          preserveAspectRatio="none"
          role="img"
          aria-label=${o}
        >
          ${K`<path d=${A(!1)}></path><path class="guessed" d=${A(!0)}></path>`}
        </svg>
        ${D5(H)}
      </div>
    </div>`}lane(C,H,L,M){return a`<div class="lane">
      <span class="who">${M.name}</span>
      <div class="track">
        ${M.segments.map(r=>this.segment(C,H,L,M.name,r))}
        ${D5(H)}
      </div>
    </div>`}segment(C,H,L,M,r){let t=H1(H,Date.parse(r.from)),o=H1(H,Date.parse(r.until))-t,A=$5(C,L,M,r);return a`<button
      class="segment ${r.runs?"":"off"} ${r.guessed?"guessed":""}"
      style="left:${t}%;width:${o}%"
      title=${A}
      aria-label=${A}
      aria-pressed=${this.chosen?.segment===r}
      @click=${()=>{this.chosen={name:M,segment:r}}}
    ></button>`}axis(C,H){let L=(H.until_ms-H.from_ms)/_5,M=Y3.find(A=>L/A<=J3)??24,r=new Date(H.from_ms);r.setMinutes(0,0,0),r.setHours(Math.ceil(r.getHours()/M)*M);let t=[];for(let A=r.getTime();A<H.until_ms;A+=M*_5)A>=H.from_ms&&t.push(A);let o=new Intl.DateTimeFormat(C.locale.language,{hour:"2-digit",minute:"2-digit"});return a`<div class="axis" aria-hidden="true">
      ${t.map(A=>a`<span style="left:${H1(H,A)}%">${o.format(A)}</span>`)}
    </div>`}why(C,H,{name:L,segment:M}){return a`<div class="why" role="status">${$5(C,H,L,M)}</div>`}};function D5(e){let V=Date.now();return V<e.from_ms||V>e.until_ms?n:a`<span class="now" style="left:${H1(e,V)}%"></span>`}function $5(e,V,C,H){let L=g1(e,Date.parse(H.from),Date.parse(H.until)),M=i(e,H.runs?"plan.runs":"plan.off"),r=H.level===null?"":` (${H.level})`,t=i(e,"plan.figures",{energy:f(e,H.energy_price_per_kwh),break_even:f(e,H.break_even_per_kwh),currency:V.currency}),o=H.runs?` ${i(e,"plan.worth",{value:h(e,H.value,V.currency)})}`:"",A=H.guessed?` ${i(e,"plan.guessed")}`:"";return`${C}, ${L}: ${M}${r}. ${H.sentence}. ${t}${o}${A}`}function H0(e,V,C,H){let M=H-C||1;return e.map((r,t)=>{let o=Date.parse(r.from),A=H1(V,o)/100*C1.width,p=H1(V,o+9e5)/100*C1.width,d=C1.height-6-(r.price_per_kwh-C)/M*(C1.height-12);return`${t===0?"M":"L"}${A.toFixed(1)},${d.toFixed(1)}H${p.toFixed(1)}`}).join("")}var N5=Z`
  .page {
    max-width: 760px;
    margin: 0 auto;
    padding: 16px;
    box-sizing: border-box;
    display: grid;
    gap: 16px;
  }
  .review {
    padding: 18px 20px;
  }
  .head {
    display: flex;
    gap: 14px;
    align-items: center;
  }
  h2 {
    margin: 0;
    font-size: 17px;
    line-height: 24px;
    font-weight: 500;
  }
  .head small {
    display: block;
    font-size: 13px;
    color: var(--faint);
  }
  p {
    margin: 12px 0 0;
    font-size: 14px;
    line-height: 20px;
  }
  .now {
    color: var(--faint);
  }
  input {
    font: inherit;
    font-size: 14px;
    width: 100%;
    height: 40px;
    margin-top: 14px;
    padding: 0 16px;
    color: var(--ink);
    background: transparent;
    border: 1px solid var(--line);
    border-radius: 20px;
    box-sizing: border-box;
  }
  input::placeholder {
    color: var(--faint);
    opacity: 1;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: 10px;
    margin-top: 14px;
  }
  .buttons button,
  .buttons a {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    justify-content: center;
    height: 44px;
    padding: 0 20px 0 16px;
    border-radius: 22px;
    font-size: 14px;
    font-weight: 500;
    text-decoration: none;
    color: var(--ink);
    border: 1px solid var(--line);
    box-sizing: border-box;
  }
  .buttons button.good,
  .buttons button.bad {
    border-color: transparent;
    color: color-mix(in srgb, var(--tone) 62%, var(--ink));
    background: color-mix(in srgb, var(--tone) 16%, transparent);
  }
  .buttons button[disabled] {
    opacity: 0.55;
    cursor: default;
  }
  .nothing {
    padding: 48px 24px;
    text-align: center;
    color: var(--faint);
    font-size: 14px;
  }
  .nothing .badge {
    margin: 0 auto 12px;
    width: 56px;
    height: 56px;
  }
  .nothing b {
    display: block;
    font-size: 17px;
    font-weight: 500;
    color: var(--ink);
    margin-bottom: 4px;
  }
`;var V0=500,D1=class extends s{constructor(){super();this.counted="";this.busy=""}static{this.styles=[w,N5]}static{this.properties={...s.properties,reviews:{state:!0},busy:{state:!0}}}static{this.getConfigForm=j}getCardSize(){return 4}getGridOptions(){return{columns:12,min_columns:6}}willUpdate(C){super.willUpdate(C);let L=[...this.fleet?.operators??[]].map(([M,{reviews:r}])=>`${M}:${r}`).join();L!==this.counted&&(this.counted=L,this.load())}async load(){try{let C=await this.hass?.callWS({type:"aiep_miner/fleet/reviews"});this.reviews=C?.reviews}catch{}}async judge(C,H,L){let{hass:M}=this;if(M===void 0||this.busy!=="")return;let t=this.renderRoot.querySelector(`#note-${H.seq}`)?.value.trim()??"";this.busy=H.hash;try{await M.callService("aiep_miner","review",{config_entry_id:C,record_hash:H.hash,approved:L,...t?{note:t}:{}})}catch{}this.busy="",await this.load()}render(){let{hass:C,reviews:H}=this;if(C===void 0||H===void 0)return n;let L=this.config?.operator_id,M=Object.entries(H).filter(([r])=>!L||r===L).flatMap(([r,t])=>t.map(o=>[r,o]));if(M.length===0){let r=Object.keys(H).length>0||this.fleet?.operators.size===0;return a`<div class="page"><div class="panel nothing">${this.none(C,r)}</div></div>`}return a`<div class="page">
      ${M.map(([r,t])=>this.review(C,r,t))}
    </div>`}none(C,H){return H?a`<span class="badge good">${x(w2)}</span
      ><b>${i(C,"reviews.none")}</b>${i(C,"reviews.none_hint")}`:i(C,"miner.story_forbidden")}review(C,H,L){let M=this.fleet?.miners.get(L.miner_id),r=`${M?.name??L.miner_id}: ${L0(C,L)}`,t=L.reasons.map(A=>u(C,A)).join(", "),o=C.user?.is_admin!==!1;return a`<article class="panel review" aria-label=${r}>
      <div class="head">
        ${M===void 0?n:U(M)}
        <div>
          <h2>${r}</h2>
          <small>${f1(C,L.origin)} · ${F(C,L.ts)} · ${t}</small>
        </div>
      </div>
      <p class="now">${M?.sentence}</p>
      ${o?this.form(C,H,L):a`<p>${i(C,"reviews.admin")}</p>`}
    </article>`}form(C,H,L){let M=location.pathname.split("/")[1]??"",r=this.config?.evidence_path,t=`/${M}/${r??""}?seq=${L.seq}`,o=A=>a`<button
        class=${A?"good":"bad"}
        ?disabled=${this.busy!==""}
        @click=${()=>{this.judge(H,L,A)}}
      >
        ${x(A?k2:P2)}${i(C,A?"reviews.approve":"reviews.reject")}
      </button>`;return a`<input
        id="note-${L.seq}"
        maxlength=${V0}
        aria-label=${i(C,"reviews.note")}
        placeholder=${i(C,"reviews.note")}
      />
      <div class="buttons">
        ${o(!0)} ${o(!1)}
        ${r?a`<a
              href=${t}
              @click=${A=>{A.preventDefault(),G(t)}}
              >${x(U2)}${i(C,"miner.evidence",{seq:L.seq})}</a
            >`:n}
      </div>`}};function L0(e,V){let C=c(e,V.action);return V.option!==null?`${C} ${V.option}`:V.value===null?C:`${C} ${R(e,V.value)}`}var $1=class extends HTMLElement{static{this.registryDependencies=[]}static generate(V,C){let H=V.operator_id?{operator_id:V.operator_id}:{},L=(A,p,d,m={})=>({title:i(C,`view.${A}`),path:A,icon:p,type:"panel",cards:[d],...m}),M={type:"custom:aiep-miner-fleet",details_path:"miner",reviews_path:"reviews",...H},r={type:"custom:aiep-miner-detail",evidence_path:"evidence"},t={type:"custom:aiep-miner-reviews",evidence_path:"evidence",...H},o={type:"custom:aiep-miner-evidence",...H};return Promise.resolve({views:[L("fleet","mdi:pickaxe",M),L("miner","mdi:pickaxe",r,{subview:!0}),L("plan","mdi:chart-gantt",{type:"custom:aiep-miner-plan",...H}),L("reviews","mdi:clipboard-check-outline",t),L("evidence","mdi:shield-check-outline",o),...V.views??[]]})}static getCreateSuggestions(){return{title:"AIEP Miner",icon:"mdi:pickaxe"}}};Q("aiep-miner-fleet",R1);Q("aiep-miner-detail",E1);Q("aiep-miner-evidence",k1);Q("aiep-miner-reviews",D1);Q("aiep-miner-plan",_1);Q("ll-strategy-dashboard-aiep-miner",$1);var e0=(e,V)=>e.entities[V]?.platform==="aiep_miner";(window.customStrategies??=[]).push({type:"aiep-miner",strategyType:"dashboard",name:"AIEP Miner",description:O["add.description"],documentationURL:"https://github.com/aiep-miner/aiep-miner/blob/main/docs/dashboard.md"});(window.customCards??=[]).push({type:"aiep-miner-fleet",name:"AIEP Miner: fleet",description:O["card.fleet"],preview:!0,getEntitySuggestion:(e,V)=>e0(e,V)?{config:{type:"custom:aiep-miner-fleet"}}:null},{type:"aiep-miner-detail",name:"AIEP Miner: miner",description:O["card.miner"],preview:!0},{type:"aiep-miner-plan",name:"AIEP Miner: plan",description:O["card.plan"],preview:!0},{type:"aiep-miner-evidence",name:"AIEP Miner: evidence",description:O["card.evidence"],preview:!0},{type:"aiep-miner-reviews",name:"AIEP Miner: reviews",description:O["card.reviews"],preview:!0});
